/* Makes the FAIL_AT-th change of the disk by a process fail with FAIL_ERRNO: preloaded by tests/program/failing_disk.rs.
   Once it has failed, every later change fails too if FAIL_ON is set: a disk that is full stays full. With FAIL_KILL the process is
   killed in place of that change. Removals count among the changes if FAIL_REMOVALS is set. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_long changes;

static int fails(void) {
    const char *at = getenv("FAIL_AT");
    if (!at) return 0;
    long n = atomic_fetch_add(&changes, 1) + 1, limit = atol(at);
    int now = n == limit || (n > limit && getenv("FAIL_ON"));
    if (n == limit) {
        const char *mark = getenv("FAIL_MARK");
        int (*raw_open)(const char *, int, ...) = dlsym(RTLD_NEXT, "open");
        int mark_fd = mark ? raw_open(mark, O_CREAT | O_WRONLY, 0600) : -1;
        if (mark_fd >= 0) close(mark_fd);
    }
    if (now && getenv("FAIL_KILL")) raise(SIGKILL);
    if (now) errno = atoi(getenv("FAIL_ERRNO"));
    return now;
}

#define NEXT(name) (dlsym(RTLD_NEXT, #name))

ssize_t write(int fd, const void *bytes, size_t count) {
    ssize_t (*next)(int, const void *, size_t) = NEXT(write);
    return fd > 2 && fails() ? -1 : next(fd, bytes, count);
}

int fsync(int fd) { int (*next)(int) = NEXT(fsync); return fails() ? -1 : next(fd); }
int fdatasync(int fd) { int (*next)(int) = NEXT(fdatasync); return fails() ? -1 : next(fd); }
int mkdir(const char *path, mode_t mode) {
    int (*next)(const char *, mode_t) = NEXT(mkdir);
    return fails() ? -1 : next(path, mode);
}
int rename(const char *from, const char *to) {
    int (*next)(const char *, const char *) = NEXT(rename);
    return fails() ? -1 : next(from, to);
}
int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned int flags) {
    int (*next)(int, const char *, int, const char *, unsigned int) = NEXT(renameat2);
    return fails() ? -1 : next(from_fd, from, to_fd, to, flags);
}

static int fails_to_remove(void) { return getenv("FAIL_REMOVALS") && fails(); }
int unlink(const char *path) {
    int (*next)(const char *) = NEXT(unlink);
    return fails_to_remove() ? -1 : next(path);
}
int unlinkat(int fd, const char *path, int flags) {
    int (*next)(int, const char *, int) = NEXT(unlinkat);
    return fails_to_remove() ? -1 : next(fd, path, flags);
}
int rmdir(const char *path) {
    int (*next)(const char *) = NEXT(rmdir);
    return fails_to_remove() ? -1 : next(path);
}
int symlink(const char *to, const char *path) {
    int (*next)(const char *, const char *) = NEXT(symlink);
    return fails() ? -1 : next(to, path);
}

static int opened(const char *name, const char *path, int flags, mode_t mode) {
    int (*next)(const char *, int, ...) = dlsym(RTLD_NEXT, name);
    return (flags & O_CREAT) && fails() ? -1 : next(path, flags, mode);
}
#define OPEN(name)                                      \
    int name(const char *path, int flags, ...) {        \
        va_list rest;                                   \
        va_start(rest, flags);                          \
        mode_t mode = va_arg(rest, mode_t);             \
        va_end(rest);                                   \
        return opened(#name, path, flags, mode);        \
    }
OPEN(open)
OPEN(open64)
