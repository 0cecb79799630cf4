// Burns CPU in a function that keeps a number in the register of the frame pointer, so that a walk over
// frame pointers ends at once.
#include <stdio.h>

__attribute__((noinline)) unsigned long burn_without_frames(unsigned long rounds)
{
    unsigned long sum = 0;
    __asm__ volatile(
        "push %%rbp\n"
        "mov %1, %%rbp\n"
        "1: add %%rbp, %0\n"
        "imul $31, %0, %0\n"
        "dec %%rbp\n"
        "jnz 1b\n"
        "pop %%rbp\n"
        : "+r"(sum)
        : "r"(rounds)
        : "cc", "memory");
    return sum;
}

int main(void)
{
    puts("ready");
    fflush(stdout);
    for (unsigned long sum = 0;;)
        sum += burn_without_frames(1000000 + (sum & 1));
}
