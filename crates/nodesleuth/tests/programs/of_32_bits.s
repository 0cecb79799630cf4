# A 32-bit program: 40 writes, then the end.
.globl _start
_start:
    mov $40, %esi
1:  mov $4, %eax
    mov $-1, %ebx
    xor %ecx, %ecx
    xor %edx, %edx
    int $0x80
    dec %esi
    jnz 1b
    mov $1, %eax
    xor %ebx, %ebx
    int $0x80
