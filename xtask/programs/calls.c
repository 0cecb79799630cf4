/* A load of system calls: says that it is ready, begins when it may read a byte, works for so many
   seconds and prints how many operations it did and how many nanoseconds of CPU they took.
   calls zread SECONDS RATE   reads a byte of /dev/zero; RATE a second, 0 is as often as it can
   calls mix SECONDS FILE     opens, reads and closes a small file */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64, PAUSE_NS = 2000000 };

static long long now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static long long cpu(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000000LL
        + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1000LL;
}

static int zero;
static const char *file;
static char bytes[4096];

static int read_zero(void) { return read(zero, bytes, 1) == 1; }

static int read_file(void)
{
    int fd = open(file, O_RDONLY);
    int good = fd >= 0 && read(fd, bytes, sizeof bytes) > 0;
    return !close(fd) && good;
}

int main(int count, char **words)
{
    if (count != 4)
        return 2;
    int mix = !strcmp(words[1], "mix");
    long long rate = mix ? 0 : atoll(words[3]);
    int (*operation)(void) = mix ? read_file : read_zero;
    long long operations = 0;
    zero = open("/dev/zero", O_RDONLY);
    file = words[3];
    puts("ready");
    fflush(stdout);
    if (read(0, bytes, 1) != 1)
        return 1;
    long long began = now(), end = began + atoll(words[2]) * 1000000000LL, used = cpu();
    for (long long at = began; at < end; at = now()) {
        if (rate && operations * 1000000000LL > rate * (at - began)) {
            struct timespec pause = {0, PAUSE_NS};
            nanosleep(&pause, 0);
            continue;
        }
        for (int index = 0; index < BATCH; index++, operations++)
            if (!operation())
                return 1;
    }
    printf("%lld %lld\n", operations, cpu() - used);
    return 0;
}
