#include <uv.h>
// For Alarm and Heap: Glibc's module map leaves them out.
#include <malloc.h>
#include <sys/timerfd.h>
