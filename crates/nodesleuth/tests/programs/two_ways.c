/* Makes system calls by both ways that x86-64 has: by `int $0x80` the number 20 means getpid and 5
   means open; by `syscall` they mean writev and fstat. */
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

static long by_32_bit(long number)
{
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(0), "c"(0), "d"(0) : "memory");
    return result;
}

int main(void)
{
    char byte;
    puts("ready");
    fflush(stdout);
    if (read(0, &byte, 1) != 1)
        return 1;
    for (int index = 0; index < 300; index++)
        if (by_32_bit(20) != getpid() || by_32_bit(5) >= 0)
            return 1;
    for (int index = 0; index < 70; index++)
        syscall(SYS_writev, -1, 0, 0);
    return 0;
}
