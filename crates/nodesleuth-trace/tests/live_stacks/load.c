// SPDX-License-Identifier: Apache-2.0
// Does known things with its CPU time and says what: it prints where its functions are, waits for a
// byte, does what its first argument says, and prints how many CPU nanoseconds each part took.
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define IN(name) __attribute__((noinline, section(#name)))
#define LIMITS(name) extern char __start_##name[], __stop_##name[]

LIMITS(part_a);
LIMITS(part_b);
LIMITS(part_c);
LIMITS(part_d);

static volatile uint64_t sink;
static int zero;
static char buffer[64 * 1024];

#define BURN \
    uint64_t x = sink + 1; \
    for (long i = 0; i < rounds; i++) \
        x = x * 6364136223846793005u + (x >> 33); \
    sink = x

IN(part_a) void burn_a(long rounds) { BURN; }
IN(part_b) void burn_b(long rounds) { BURN; }
IN(part_c) void burn_c(long rounds) { BURN; }
// Not libc's, which has no frame pointer and so hides its caller.
static inline long own_read(long descriptor, void *to, unsigned long size)
{
#ifdef __x86_64__
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(0), "D"(descriptor), "S"(to), "d"(size)
                     : "rcx", "r11", "memory");
    return result;
#else
    register long x8 __asm__("x8") = 63, x0 __asm__("x0") = descriptor, x2 __asm__("x2") = size;
    register void *x1 __asm__("x1") = to;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
    return x0;
#endif
}

IN(part_d) void read_zero(long rounds)
{
    for (long i = 0; i < rounds; i++)
        sink += own_read(zero, buffer, sizeof(buffer));
}

// Without a frame of its own, as Go's small functions are.
IN(part_c) __attribute__((optimize("omit-frame-pointer"))) void bare(long rounds) { BURN; }
IN(part_b) void calls_bare(long rounds)
{
    for (int i = 0; i < 100; i++)
        bare(rounds);
    sink++;
}

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return time.tv_sec * 1000000000ull + time.tv_nsec;
}

static uint64_t cpu_ns(void) { return clock_ns(CLOCK_THREAD_CPUTIME_ID); }

typedef void part(long);

static uint64_t timed(part *what, long rounds)
{
    uint64_t began = cpu_ns();
    what(rounds);
    return cpu_ns() - began;
}

// Rounds that take so long.
static long rounds_in(part *what, double ns)
{
    long rounds = 16;
    uint64_t took;
    while ((took = timed(what, rounds)) < 3000000)
        rounds *= 2;
    return rounds * ns / took + 1;
}

static uint64_t spent[4];

// 60, 30 and 10 % among three functions, and a third of all in read.
static void split(double seconds)
{
    static part *const parts[] = {burn_a, burn_b, burn_c, read_zero};
    static const double shares[] = {0.4, 0.2, 0.2 / 3, 1.0 / 3};
    long rounds[4];
    for (int i = 0; i < 4; i++)
        rounds[i] = rounds_in(parts[i], 7000000 * shares[i]);
    memset(spent, 0, sizeof(spent));
    uint64_t began = cpu_ns();
    while (cpu_ns() - began < seconds * 1e9)
        for (int i = 0; i < 4; i++)
            spent[i] += timed(parts[i], rounds[i]);
}

static void nap(double seconds)
{
    struct timespec time = {seconds, (seconds - (long)seconds) * 1e9};
    nanosleep(&time, 0);
}

static void *burn_thread(void *rounds)
{
    burn_b((long)rounds);
    return 0;
}

static void in_thread(void *(*start)(void *), void *argument)
{
    pthread_t thread;
    if (pthread_create(&thread, 0, start, argument))
        exit(3);
    pthread_join(thread, 0);
}

static double argument(int count, char **words, int index)
{
    return index < count ? atof(words[index]) : 0;
}

static char *const *exec_words;

static void *exec_now(void *program)
{
    execv(program, exec_words);
    exit(5);
}

static void *sleep_long(void *nothing)
{
    pause();
    return nothing;
}

int main(int count, char **words)
{
    const char *mode = count > 1 ? words[1] : "split";
    double amount = argument(count, words, 2), times = argument(count, words, 3);
    zero = open("/dev/zero", O_RDONLY);
    if (zero < 0)
        return 2;
    if (!strcmp(mode, "at-once")) {
        split(amount);
        return 0;
    }
    if (!strcmp(mode, "many"))
        for (long i = 0; i < amount; i++) {
            pthread_attr_t small;
            pthread_t thread;
            pthread_attr_init(&small);
            pthread_attr_setstacksize(&small, 32 * 1024);
            if (pthread_create(&thread, &small, sleep_long, 0))
                return 4;
        }
    printf("%p %p %p %p %p %p %p %p\n", __start_part_a, __stop_part_a, __start_part_b, __stop_part_b, __start_part_c,
           __stop_part_c, __start_part_d, __stop_part_d);
    fflush(stdout);
    char byte;
    if (read(0, &byte, 1) != 1)
        return 1;
    if (!strcmp(mode, "split"))
        split(amount);
    else if (!strcmp(mode, "many"))
        split(times);
    else if (!strcmp(mode, "naps"))
        for (int i = 0; i < times; i++)
            nap(amount);
    else if (!strcmp(mode, "bursts")) {
        // CPUs sleep in between.
        long rounds = rounds_in(burn_b, 5e6);
        uint64_t began = cpu_ns();
        while (cpu_ns() - began < amount * 1e9) {
            burn_b(rounds);
            nap(0.015);
        }
    } else if (!strcmp(mode, "threads")) {
        long rounds = rounds_in(burn_b, amount * 1e9);
        for (int i = 0; i < times; i++)
            in_thread(burn_thread, (void *)rounds);
    } else if (!strcmp(mode, "forks")) {
        // Each child is another program at once, as runc is.
        for (int i = 0; i < times; i++) {
            if (!fork())
                execl(words[0], words[0], "at-once", words[2], (char *)0);
            wait(0);
        }
    } else if (!strcmp(mode, "bare")) {
        long rounds = rounds_in(burn_a, 1000000);
        uint64_t began = cpu_ns();
        while (cpu_ns() - began < amount * 1e9)
            calls_bare(rounds);
    } else if (!strcmp(mode, "exec")) {
        split(amount);
        execl(words[0], words[0], "at-once", words[2], (char *)0);
    } else if (!strcmp(mode, "thread-exec")) {
        split(amount);
        exec_words = (char *[]){words[0], "at-once", words[2], 0};
        in_thread(exec_now, words[0]);
    } else
        return 2;
    printf("%llu %llu %llu %llu\n", (unsigned long long)spent[0], (unsigned long long)spent[1],
           (unsigned long long)spent[2], (unsigned long long)spent[3]);
    return 0;
}
