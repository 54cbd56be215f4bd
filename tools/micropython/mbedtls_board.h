/* Mbed TLS with the option set MicroPython gives its bare-metal ports; its memory is the GC heap's, so heap
 * figures of the 32-bit unix runtime are a board's. */
#include <stddef.h>

#define MBEDTLS_TIMING_C
#define MBEDTLS_CIPHER_MODE_CTR
#include "extmod/mbedtls/mbedtls_config_common.h"

void *m_tracked_calloc(size_t count, size_t size);
void m_tracked_free(void *block);
#define MBEDTLS_PLATFORM_MEMORY
#define MBEDTLS_PLATFORM_STD_CALLOC m_tracked_calloc
#define MBEDTLS_PLATFORM_STD_FREE m_tracked_free
