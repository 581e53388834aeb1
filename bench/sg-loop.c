/* INQUIRY by SG_IO, one after the other, for so many milliseconds: what a C program needs. Prints a sample as JSON. */
#include <fcntl.h>
#include <scsi/sg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <time.h>

static double now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

int main(int count, char **words) {
  unsigned char cdb[6] = {0x12, 0, 0, 0, 96, 0}, data[96], sense[252];
  if (count < 3) return 1;
  int fd = open(words[1], O_RDONLY);
  double start = now_ms(), end = start + atof(words[2]);
  long calls = 0;
  for (; now_ms() < end; calls++) {
    struct sg_io_hdr h = {.interface_id = 'S', .dxfer_direction = SG_DXFER_FROM_DEV, .cmd_len = 6, .mx_sb_len = 252, .dxfer_len = 96};
    h.dxferp = data, h.cmdp = cdb, h.sbp = sense, h.timeout = 20000;
    if (ioctl(fd, SG_IO, &h) < 0 || h.status) return 2;
  }
  double seconds = (now_ms() - start) / 1000;
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  double cpu = usage.ru_utime.tv_sec * 1e6 + usage.ru_utime.tv_usec + usage.ru_stime.tv_sec * 1e6 + usage.ru_stime.tv_usec;
  printf("{\"value\": %f, \"cpuUs\": %f}\n", calls / seconds, cpu / calls);
}
