/* The smallest program that shows that a toolchain's results run. */

#include <stdio.h>

int main(void)
{
    return puts("built and run") == EOF;
}
