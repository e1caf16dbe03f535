#include <uv.h>
// For SocketWatch, Alarm and Heap: Glibc's module map leaves them out.
#include <malloc.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
