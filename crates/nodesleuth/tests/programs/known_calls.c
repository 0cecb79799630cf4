/* Makes a known number of each system call from several threads, with known errors, and ends.
   Begins when it may read a byte, and says before that it is ready. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { THREADS = 3 };

static void repeat(int times, void (*call)(void))
{
    while (times-- > 0)
        call();
}

static int null_file;
static int word = 1;
static const struct timespec millisecond = {0, 1000000};

static void write_eight(void) { (void)!write(null_file, "12345678", 8); }
static void open_nothing(void) { open("/no/such/file", O_RDONLY); }
static void wait_in_vain(void) { syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 1, &millisecond, 0, 0); }
static void wait_for_other(void) { syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 2, &millisecond, 0, 0); }
static void read_badly(void) { char byte; (void)!read(-1, &byte, 1); }
static void yield(void) { sched_yield(); }
static void rest(void) { nanosleep(&millisecond, 0); }

static void *work(void *share)
{
    int times = (int)(long)share;
    repeat(1000 * times, write_eight);
    repeat(100 * times, open_nothing);
    repeat(20 * times, wait_in_vain);
    repeat(50 * times, wait_for_other);
    repeat(7 * times, read_badly);
    repeat(30 * times, yield);
    repeat(5 * times, rest);
    return 0;
}

int main(void)
{
    char byte;
    pthread_t threads[THREADS];
    null_file = open("/dev/null", O_WRONLY);
    puts("ready");
    fflush(stdout);
    if (read(0, &byte, 1) != 1)
        return 1;
    for (long index = 0; index < THREADS; index++)
        pthread_create(&threads[index], 0, work, (void *)(index + 1));
    for (int index = 0; index < THREADS; index++)
        pthread_join(threads[index], 0);
    return 0;
}
