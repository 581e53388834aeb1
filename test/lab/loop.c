/* One INQUIRY after the other by SG_IO, as little as it can be: what a call costs without any runtime. Prints microseconds per call. */
#include <fcntl.h>
#include <scsi/sg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>

int main(int count, char **words) {
  unsigned char cdb[6] = {0x12, 0, 0, 0, 96, 0}, data[96], sense[96];
  int fd = open(words[1], O_RDONLY), calls = atoi(words[2]);
  if (count < 3 || fd < 0) return 1;
  double best = 1e9;
  for (int round = 0; round < 3; round++) {
    struct timespec a, b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    for (int i = 0; i < calls; i++) {
      struct sg_io_hdr h = {.interface_id = 'S', .dxfer_direction = SG_DXFER_FROM_DEV, .cmd_len = 6, .mx_sb_len = 96, .dxfer_len = 96};
      h.dxferp = data, h.cmdp = cdb, h.sbp = sense, h.timeout = 20000;
      if (ioctl(fd, SG_IO, &h) < 0 || h.status) return 2;
    }
    clock_gettime(CLOCK_MONOTONIC, &b);
    double us = ((b.tv_sec - a.tv_sec) * 1e9 + (b.tv_nsec - a.tv_nsec)) / 1000 / calls;
    if (us < best) best = us;
  }
  printf("%.2f\n", best);
}
