#include <uv.h>
// For Alarm: Glibc's module map leaves it out.
#include <sys/timerfd.h>
