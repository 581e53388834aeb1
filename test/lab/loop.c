/*
 * One INQUIRY after the other by SG_IO, as little as it can be: what a call costs without any runtime. Prints microseconds per call, twice:
 * made by the program's one thread, which the device holds up; and made by a second thread, which the first one wakes and sleeps for. So it
 * is with whoever must not be held up.
 */
#include <fcntl.h>
#include <pthread.h>
#include <scsi/sg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>

static int fd;
static int failed;

static void inquiry(void) {
  unsigned char cdb[6] = {0x12, 0, 0, 0, 96, 0}, data[96], sense[96];
  struct sg_io_hdr h = {.interface_id = 'S', .dxfer_direction = SG_DXFER_FROM_DEV, .cmd_len = 6, .mx_sb_len = 96, .dxfer_len = 96};
  h.dxferp = data, h.cmdp = cdb, h.sbp = sense, h.timeout = 20000;
  if (ioctl(fd, SG_IO, &h) < 0 || h.status) failed = 1;
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
/* Whose turn it is: the one that asks, or the one that makes the call. */
static int asked;

static void set_and_wait(int own, int others) {
  asked = own;
  pthread_cond_signal(&changed);
  while (asked != others) pthread_cond_wait(&changed, &mutex);
}

static void *serve(void *unused) {
  pthread_mutex_lock(&mutex);
  while (!asked) pthread_cond_wait(&changed, &mutex);
  for (;;) {
    inquiry();
    set_and_wait(0, 1);
  }
  return unused;
}

static void hand_over(void) { set_and_wait(1, 0); }

static double best_of_three(void (*call)(void), int calls) {
  double best = 1e9;
  for (int round = 0; round < 3; round++) {
    struct timespec a, b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    for (int i = 0; i < calls; i++) call();
    clock_gettime(CLOCK_MONOTONIC, &b);
    double us = ((b.tv_sec - a.tv_sec) * 1e9 + (b.tv_nsec - a.tv_nsec)) / 1000 / calls;
    if (us < best) best = us;
  }
  return best;
}

int main(int count, char **words) {
  if (count < 3 || (fd = open(words[1], O_RDONLY)) < 0) return 1;
  int calls = atoi(words[2]);
  double alone = best_of_three(inquiry, calls);
  pthread_t thread;
  pthread_create(&thread, NULL, serve, NULL);
  pthread_mutex_lock(&mutex);
  double handed = best_of_three(hand_over, calls);
  if (failed) return 2;
  printf("%.2f %.2f\n", alone, handed);
}
