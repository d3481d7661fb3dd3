/* Loaded into one process of the lab (LD_PRELOAD): shifts its wall clock, slows its disk, fills it.

   What it does is read from a file of four 64-bit numbers that the lab maps and changes while the
   process runs (see shim.py): nothing of it happens while all of them are 0. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

struct control {
    volatile int64_t clock_ns;  /* added to CLOCK_REALTIME */
    volatile int64_t sync_us;   /* slept before each fsync and fdatasync */
    volatile int64_t full_data; /* not 0: no file outside of pg_wal can grow */
    volatile int64_t full_wal;  /* not 0: nothing can be written to pg_wal */
};

static const struct control nothing;
static const struct control *control = &nothing;

__attribute__((constructor)) static void map_control(void) {
    const char *path = getenv("PAYRATCHET_LAB_CONTROL");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) return;
    void *mapped = mmap(NULL, sizeof *control, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    if (mapped != MAP_FAILED) control = mapped;
}

static int64_t real_ns(void) {
    struct timespec now;
    syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    static int (*next)(clockid_t, struct timespec *);
    if (!next) next = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int result = next ? next(clock, now) : (int)syscall(SYS_clock_gettime, clock, now);
    int64_t shift = control->clock_ns;
    if (result == 0 && shift && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        int64_t at = now->tv_sec * 1000000000LL + now->tv_nsec + shift;
        now->tv_sec = at / 1000000000LL;
        now->tv_nsec = at % 1000000000LL;
    }
    return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    (void)zone;
    int64_t at = real_ns() + control->clock_ns;
    now->tv_sec = at / 1000000000LL;
    now->tv_usec = at % 1000000000LL / 1000;
    return 0;
}

time_t time(time_t *kept) {
    time_t at = (real_ns() + control->clock_ns) / 1000000000LL;
    if (kept) *kept = at;
    return at;
}

static void slow_down(void) {
    int64_t us = control->sync_us;
    if (us > 0) {
        struct timespec pause = {us / 1000000, us % 1000000 * 1000};
        nanosleep(&pause, NULL);
    }
}

int fsync(int fd) {
    slow_down();
    return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd) {
    slow_down();
    return (int)syscall(SYS_fdatasync, fd);
}

/* Whether the disk below this file has no room for a write that ends there. */
static int is_full(int fd, off_t end) {
    if (!control->full_data && !control->full_wal) return 0;
    char link[40], path[512];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    if (strstr(path, "/pg_wal/")) return control->full_wal != 0;
    struct stat found;
    int is_data = strstr(path, "/base/") || strstr(path, "/global/");
    return control->full_data && is_data && fstat(fd, &found) == 0 && end > found.st_size;
}

static off_t bytes_in(const struct iovec *parts, int count) {
    off_t bytes = 0;
    for (int part = 0; part < count; part++) bytes += parts[part].iov_len;
    return bytes;
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) {
    if (is_full(fd, at + (off_t)count)) { errno = ENOSPC; return -1; }
    return syscall(SYS_pwrite64, fd, bytes, count, at);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) {
    if (is_full(fd, at + bytes_in(parts, count))) { errno = ENOSPC; return -1; }
    return syscall(SYS_pwritev, fd, parts, count, at, 0);
}

int posix_fallocate(int fd, off_t at, off_t count) {
    static int (*next)(int, off_t, off_t);
    if (is_full(fd, at + count)) return ENOSPC;
    if (!next) next = (int (*)(int, off_t, off_t))dlsym(RTLD_NEXT, "posix_fallocate");
    return next(fd, at, count);
}

ssize_t pwrite64(int, const void *, size_t, off_t) __attribute__((alias("pwrite")));
ssize_t pwritev64(int, const struct iovec *, int, off_t) __attribute__((alias("pwritev")));
int posix_fallocate64(int, off_t, off_t) __attribute__((alias("posix_fallocate")));
