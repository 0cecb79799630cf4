/* Makes and ends 4000 threads, eight at a time; each makes three writes and one bad close. Then
   1000 threads that live at the same time, each with five writes. */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>
#include <fcntl.h>

enum { ROUNDS = 500, AT_A_TIME = 8, TOGETHER = 1000 };

static int null_file;
static pthread_barrier_t all_there;

static void *brief(void *unused)
{
    for (int index = 0; index < 3; index++)
        (void)!write(null_file, "x", 1);
    close(-1);
    return unused;
}

static void *among_many(void *unused)
{
    for (int index = 0; index < 5; index++)
        (void)!write(null_file, "x", 1);
    pthread_barrier_wait(&all_there);
    return unused;
}

static int run(int count, void *(*work)(void *))
{
    static pthread_t threads[TOGETHER];
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 64 * 1024);
    for (int index = 0; index < count; index++)
        if (pthread_create(&threads[index], &small, work, 0))
            return 0;
    for (int index = 0; index < count; index++)
        pthread_join(threads[index], 0);
    return 1;
}

int main(void)
{
    char byte;
    null_file = open("/dev/null", O_WRONLY);
    pthread_barrier_init(&all_there, 0, TOGETHER);
    puts("ready");
    fflush(stdout);
    if (read(0, &byte, 1) != 1)
        return 1;
    for (int round = 0; round < ROUNDS; round++)
        if (!run(AT_A_TIME, brief))
            return 1;
    return !run(TOGETHER, among_many);
}
