/* A disk that can be slow or full and a clock that jumps, for one process and without root:
 * preloaded into Pintail by tests/common/disk.rs.
 *
 * PINTAIL_DISK_DIR names the directory whose files lie on that disk, PINTAIL_DISK_CONTROL a
 * file that holds `struct control`, which the test changes while the process runs. Writing
 * into what a file holds already works on a full disk, too, and only growth takes room; unless
 * the disk is one that never writes in place (btrfs, ZFS, a thin volume).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
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
    _Atomic int64_t delay_ms;      /* before every write and sync */
    _Atomic int64_t room_bytes;    /* by how much files may grow; negative: as much as they like */
    _Atomic int64_t read_only;     /* nothing may be made, opened for writing or removed */
    _Atomic int64_t clock_seconds; /* added to the time of day */
    _Atomic int64_t copies;        /* writing in place takes room as growth does */
};

static struct control unlimited = {0, -1, 0, 0, 0};
static struct control *control = &unlimited;
static const char *directory;
static size_t directory_length;

#define REAL(name) \
    static __typeof__(name) *real; \
    if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void start(void) {
    const char *path = getenv("PINTAIL_DISK_CONTROL");
    directory = getenv("PINTAIL_DISK_DIR");
    if (!path || !directory) return;
    directory_length = strlen(directory);
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
    if (fd < 0) return;
    void *mapped = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    syscall(SYS_close, fd);
    if (mapped != MAP_FAILED) control = mapped;
}

static int is_below(const char *path) {
    return directory && strncmp(path, directory, directory_length) == 0 &&
           (path[directory_length] == '/' || path[directory_length] == 0);
}

static int is_ours(int fd) {
    if (!directory) return 0;
    int before = errno;
    char link[64] = "/proc/self/fd/", path[PATH_MAX];
    char digits[12];
    int count = 0;
    unsigned rest = (unsigned)fd;
    do digits[count++] = (char)('0' + rest % 10); while (rest /= 10);
    size_t at = strlen(link);
    while (count) link[at++] = digits[--count];
    link[at] = 0;
    ssize_t length = readlink(link, path, sizeof path - 1);
    errno = before;
    if (length <= 0) return 0;
    path[length] = 0;
    return is_below(path);
}

static void slow_down(void) {
    int64_t delay = control->delay_ms;
    if (delay <= 0) return;
    struct timespec wait = {delay / 1000, delay % 1000 * 1000000};
    nanosleep(&wait, NULL);
}

/* How many of `count` bytes at `offset` (negative: at the end) find room. */
static ssize_t fitting(int fd, size_t count, off_t offset) {
    if (control->room_bytes < 0) return (ssize_t)count;
    struct stat file;
    if (fstat(fd, &file) != 0) return (ssize_t)count;
    int64_t start = offset < 0 ? file.st_size : offset;
    int64_t growth = control->copies ? (int64_t)count : start + (int64_t)count - file.st_size;
    if (growth <= 0) return (ssize_t)count;
    int64_t left = control->room_bytes, taken;
    do {
        if (left < 0) return (ssize_t)count;
        taken = growth < left ? growth : left;
    } while (!atomic_compare_exchange_weak(&control->room_bytes, &left, left - taken));
    return (ssize_t)count - (growth - taken);
}

static off_t place(int fd) {
    if (fcntl(fd, F_GETFL) & O_APPEND) return -1;
    return lseek(fd, 0, SEEK_CUR);
}

static ssize_t room_for(int fd, size_t count, off_t offset) {
    if (count == 0 || !is_ours(fd)) return (ssize_t)count;
    slow_down();
    ssize_t room = fitting(fd, count, offset);
    if (room <= 0) {
        errno = ENOSPC;
        return -1;
    }
    return room;
}

ssize_t write(int fd, const void *bytes, size_t count) {
    REAL(write);
    if (!directory || fd <= 2) return real(fd, bytes, count);
    ssize_t room = room_for(fd, count, place(fd));
    return room < 0 ? -1 : real(fd, bytes, (size_t)room);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) {
    REAL(pwrite);
    ssize_t room = room_for(fd, count, offset);
    return room < 0 ? -1 : real(fd, bytes, (size_t)room, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset) {
    REAL(pwrite64);
    ssize_t room = room_for(fd, count, offset);
    return room < 0 ? -1 : real(fd, bytes, (size_t)room, offset);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    REAL(writev);
    if (!directory || fd <= 2 || !is_ours(fd)) return real(fd, parts, count);
    size_t total = 0;
    for (int i = 0; i < count; i++) total += parts[i].iov_len;
    ssize_t room = room_for(fd, total, place(fd));
    if (room < 0) return -1;
    if ((size_t)room == total) return real(fd, parts, count);
    /* The part that crosses the limit is cut by the next call: as a real disk may. */
    struct iovec first = parts[0];
    if (first.iov_len > (size_t)room) first.iov_len = (size_t)room;
    return real(fd, &first, 1);
}

int fsync(int fd) {
    REAL(fsync);
    if (is_ours(fd)) slow_down();
    return real(fd);
}

int fdatasync(int fd) {
    REAL(fdatasync);
    if (is_ours(fd)) slow_down();
    return real(fd);
}

int ftruncate(int fd, off_t length) {
    REAL(ftruncate);
    if (is_ours(fd)) slow_down();
    return real(fd, length);
}

int ftruncate64(int fd, off64_t length) {
    REAL(ftruncate64);
    if (is_ours(fd)) slow_down();
    return real(fd, length);
}

/* Whether the disk refuses to open this, with the reason in errno. A new file needs room. */
static int refuses(const char *path, int flags) {
    char whole[PATH_MAX];
    if (!directory || (!control->read_only && control->room_bytes != 0)) return 0;
    if (path[0] != '/') {
        if (!getcwd(whole, sizeof whole)) return 0;
        size_t length = strlen(whole);
        if (length + strlen(path) + 2 > sizeof whole) return 0;
        whole[length] = '/';
        strcpy(whole + length + 1, path[0] == '.' && path[1] == '/' ? path + 2 : path);
        path = whole;
    }
    if (!is_below(path)) return 0;
    int writes = (flags & O_ACCMODE) != O_RDONLY || flags & (O_CREAT | O_TRUNC);
    if (control->read_only && writes) {
        errno = EROFS;
        return 1;
    }
    struct stat file;
    int before = errno;
    int is_new = flags & O_CREAT && stat(path, &file) != 0;
    errno = is_new && control->room_bytes == 0 ? ENOSPC : before;
    return is_new && control->room_bytes == 0;
}

#define MODE(flags, mode) \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | O_TMPFILE)) { \
        va_list rest; \
        va_start(rest, flags); \
        mode = (mode_t)va_arg(rest, int); \
        va_end(rest); \
    }

int open(const char *path, int flags, ...) {
    REAL(open);
    MODE(flags, mode)
    return refuses(path, flags) ? -1 : real(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    REAL(open64);
    MODE(flags, mode)
    return refuses(path, flags) ? -1 : real(path, flags, mode);
}

int openat(int at, const char *path, int flags, ...) {
    REAL(openat);
    MODE(flags, mode)
    return refuses(path, flags) ? -1 : real(at, path, flags, mode);
}

int openat64(int at, const char *path, int flags, ...) {
    REAL(openat64);
    MODE(flags, mode)
    return refuses(path, flags) ? -1 : real(at, path, flags, mode);
}

int mkdir(const char *path, mode_t mode) {
    REAL(mkdir);
    return refuses(path, O_CREAT | O_WRONLY) ? -1 : real(path, mode);
}

int unlink(const char *path) {
    REAL(unlink);
    if (control->read_only && refuses(path, O_WRONLY)) return -1;
    return real(path);
}

int link(const char *old, const char *new) {
    REAL(link);
    return refuses(new, O_CREAT | O_WRONLY) ? -1 : real(old, new);
}

int linkat(int from, const char *old, int to, const char *new, int flags) {
    REAL(linkat);
    return refuses(new, O_CREAT | O_WRONLY) ? -1 : real(from, old, to, new, flags);
}

int rename(const char *old, const char *new) {
    REAL(rename);
    if (control->read_only && refuses(new, O_WRONLY)) return -1;
    return real(old, new);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    REAL(clock_gettime);
    int done = real ? real(clock, now) : (int)syscall(SYS_clock_gettime, clock, now);
    if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)
        now->tv_sec += control->clock_seconds;
    return done;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    REAL(gettimeofday);
    int done = real(now, zone);
    now->tv_sec += control->clock_seconds;
    return done;
}

time_t time(time_t *to) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (to) *to = now.tv_sec;
    return now.tv_sec;
}
