// Without longjmp: an outline with more cells than the pool holds traps.
typedef int jmp_buf[1];
#define setjmp( buffer ) ( (void)( buffer ), 0 )
#define longjmp( buffer, value ) __builtin_trap()
