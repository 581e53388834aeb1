/*
 * A C library whose SG_IO answers at once, or after as many microseconds as CALL_US says: what remains of a command's time is that of
 * whoever calls it. Stands in for the C library, for sg-loop.c and for clients/sg.ts alike.
 */
#include <scsi/sg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static long call_ns = -1;

static long long now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

int open(const char *path, int flags, ...) {
  (void)path;
  return 1000 + (flags & 3);
}

int close(int fd) {
  (void)fd;
  return 0;
}

int ioctl(int fd, unsigned long request, ...) {
  (void)fd;
  __builtin_va_list list;
  __builtin_va_start(list, request);
  struct sg_io_hdr *header = __builtin_va_arg(list, void *);
  __builtin_va_end(list);
  if (request != SG_IO) return -1;
  if (call_ns < 0) call_ns = getenv("CALL_US") ? 1000 * atol(getenv("CALL_US")) : 0;
  memset(header->dxferp, 0x77, header->dxfer_len);
  header->status = header->masked_status = header->sb_len_wr = 0;
  header->host_status = header->driver_status = 0;
  header->resid = 0;
  if (call_ns) {
    long long end = now_ns() + call_ns;
    while (now_ns() < end) {
    }
  }
  return 0;
}
