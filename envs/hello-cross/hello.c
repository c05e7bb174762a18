/* Compress a text with zlib, restore it, compare. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

int main(int argc, char **argv)
{
    const char *text = argc > 1 ? argv[1] : "hello";
    uLong size = (uLong)strlen(text);
    uLongf packed_size = compressBound(size);
    uLongf restored_size = size;
    Bytef *packed = malloc(packed_size);
    Bytef *restored = malloc(size ? size : 1);
    if (!packed || !restored) {
        fprintf(stderr, "hello: out of memory\n");
        return 1;
    }
    if (compress(packed, &packed_size, (const Bytef *)text, size) != Z_OK
        || uncompress(restored, &restored_size, packed, packed_size) != Z_OK
        || restored_size != size || memcmp(restored, text, size) != 0) {
        fprintf(stderr, "hello: zlib did not restore the text\n");
        return 1;
    }
    printf("zlib %s: %lu bytes in, %lu packed; restored the same text\n",
           zlibVersion(), (unsigned long)size, (unsigned long)packed_size);
    free(packed);
    free(restored);
    return 0;
}
