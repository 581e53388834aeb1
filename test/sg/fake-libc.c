/*
 * A C library with a SCSI disk in it: open, ioctl and close as the transport calls them, errno as the real one keeps it. Built and
 * loaded by the tests (fake-libc.ts). It reads what the headers point at, so a wrong pointer or a wrong offset is seen.
 *
 * The vendor specific opcodes C0h to CBh say what is to happen; everything else is a disk of 2048 blocks.
 */
#include <errno.h>
#include <linux/bsg.h>
#include <linux/ioctl.h>
#include <scsi/sg.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#define BLOCKS 2048
static unsigned char disk[BLOCKS * 512];
/* The latest structure of the block layer's reservations, its number, and whether the file was open for writing. */
static unsigned char latest[32];
static atomic_int delay_ms, open_files, opens_for_writing, most_at_once, under_way, commands, tape_open;

static int fail(int number) {
  errno = number;
  return -1;
}

static void pause_ms(int ms) {
  struct timespec left = {ms / 1000, ms % 1000 * 1000000L};
  while (ms && nanosleep(&left, &left) == -1) {
  }
}

int open(const char *path, int flags, ...) {
  if (!(flags & 02000000)) return fail(EINVAL); /* O_CLOEXEC: no child is to have it. */
  const char *number = strstr(path, "/errno-");
  if (number) {
    int value = 0;
    for (number += 7; *number >= '0' && *number <= '9'; number++) value = value * 10 + *number - '0';
    return fail(value);
  }
  const char *hang = strstr(path, "/hang-");
  if (hang) pause_ms((hang[6] - '0') * 100);
  /* A tape is open once. */
  int tape = strstr(path, "/nst") != 0;
  if (tape && atomic_exchange(&tape_open, 1)) return fail(EBUSY);
  atomic_fetch_add(&open_files, 1);
  int writing = (flags & 3) == 2;
  if (writing) atomic_fetch_add(&opens_for_writing, 1);
  return 1000 + 2 * tape + writing;
}

int close(int fd) {
  if (fd < 1000) return fail(EBADF);
  if (fd > 1001) tape_open = 0;
  atomic_fetch_sub(&open_files, 1);
  return 0;
}

struct command {
  unsigned char *cdb, *data, *sense;
  unsigned cdb_length, in, out;
  /* What came of it. */
  unsigned status, masked, host, driver, sense_length;
  int residual;
};

static void check(struct command *c, int key, int asc) {
  c->status = 2;
  c->driver = 8;
  c->residual = c->in + c->out;
  c->sense_length = 18;
  memset(c->sense, 0, 18);
  c->sense[0] = 0x70;
  c->sense[2] = key;
  c->sense[7] = 10;
  c->sense[12] = asc;
}

static void give(struct command *c, const void *from, unsigned length) {
  unsigned n = length < c->in ? length : c->in;
  memcpy(c->data, from, n);
  c->residual = c->in - n;
}

/* How many keys there are, and of how many the driver does not read more. */
static unsigned keys = 3000, most_keys = 65536;

static int run(int fd, struct command *c) {
  static unsigned char kept[4096];
  static const unsigned char inquiry[36] = {0, 0, 6, 2, 31, 0, 0, 2, 'F', 'A', 'K', 'E', ' ', ' ', ' ', ' ', 'L', 'I', 'B', 'C'};
  unsigned char *cdb = c->cdb;
  unsigned lba = cdb[4] << 8 | cdb[5], blocks = cdb[7] << 8 | cdb[8];
  switch (cdb[0]) {
    case 0x00:
      pause_ms(delay_ms);
      return 0;
    case 0x12:
      pause_ms(delay_ms);
      give(c, inquiry, (cdb[3] << 8 | cdb[4]) < 36 ? cdb[3] << 8 | cdb[4] : 36);
      return 0;
    case 0x28:
      give(c, disk + lba * 512, blocks * 512);
      return 0;
    case 0x2a:
      if (fd != 1001) return fail(EPERM);
      memcpy(disk + lba * 512, c->data, c->out < blocks * 512 ? c->out : blocks * 512);
      return 0;
    case 0xc0: /* Fail with this errno. */
      return fail(cdb[1]);
    case 0xc1: /* End with these statuses, and this much sense data. */
      c->status = cdb[1];
      c->host = cdb[2];
      c->driver = cdb[3];
      c->sense_length = cdb[4];
      c->masked = cdb[5];
      for (unsigned i = 0; i < cdb[4]; i++) c->sense[i] = i + 1;
      c->residual = c->in;
      return 0;
    case 0xc2: /* Transfer so much less, or more if negative. */
      memset(c->data, 0x77, c->in);
      c->residual = (signed char)cdb[1];
      return 0;
    case 0xc3: /* Take every command so many milliseconds from now on. */
      delay_ms = cdb[1] << 8 | cdb[2];
      return 0;
    case 0xc4: { /* Tell the counters. */
      int counters[] = {open_files, opens_for_writing, most_at_once, commands};
      give(c, counters, sizeof counters);
      if (cdb[1]) open_files = opens_for_writing = most_at_once = commands = 0;
      return 0;
    }
    case 0xc5: /* Keep the CDB and the data. */
      memset(kept, 0, sizeof kept);
      memcpy(kept, cdb, c->cdb_length);
      memcpy(kept + 256, c->data, c->out);
      return 0;
    case 0xc6: /* Give them back. */
      give(c, kept, sizeof kept);
      return 0;
    case 0xc8: /* Give back the latest structure of the block layer's reservations. */
      give(c, latest, sizeof latest);
      return 0;
    case 0xc9: /* After so many milliseconds, transfer this byte, as often as there is room. */
      pause_ms(cdb[1]);
      memset(c->data, cdb[2], c->in);
      return 0;
    case 0xca: { /* Tell which signals this thread does not get. */
      sigset_t held;
      sigprocmask(SIG_BLOCK, 0, &held);
      give(c, &held, 8);
      return 0;
    }
    case 0xcb: /* From now on there are so many keys, and no more than so many are read. */
      keys = cdb[1] << 16 | cdb[2] << 8 | cdb[3];
      most_keys = cdb[4] << 8 | cdb[5];
      return 0;
    case 0xc7: /* Transfer all, and end with this status and sense key all the same. */
      memset(c->data, 0x77, c->in);
      if (cdb[1] == 2) check(c, cdb[2], 0x24);
      c->status = cdb[1];
      c->residual = 0;
      return 0;
    default:
      check(c, 5, 0x20);
      return 0;
  }
}

/* The block layer's reservations (linux/pr.h): the result is the lowest 32 bits of the first key. */
struct read_keys {
  uint32_t generation, number;
  uint64_t keys;
};
struct read_reservation {
  uint64_t key;
  uint32_t generation, type;
};
static int reservation(int fd, unsigned long request, void *argument) {
  if (request == _IOWR('p', 206, struct read_keys)) {
    struct read_keys *r = argument;
    if (r->number > most_keys) return fail(EINVAL);
    for (uint64_t i = 0; i < keys && i < r->number; i++) ((uint64_t *)r->keys)[i] = i + 1;
    r->number = keys;
    r->generation = 7;
    return 0;
  }
  if (request == _IOR('p', 207, struct read_reservation)) {
    struct read_reservation *r = argument;
    memcpy(&r->key, latest, 8);
    r->generation = 8;
    r->type = latest[8];
    return 0;
  }
  memset(latest, 0, sizeof latest);
  latest[24] = request;
  latest[25] = fd - 1000;
  memcpy(latest, argument, _IOC_SIZE(request));
  int result = *(int *)latest;
  return result < 0 ? fail(-result) : result;
}

int ioctl(int fd, unsigned long request, ...) {
  void *argument;
  __builtin_va_list list;
  __builtin_va_start(list, request);
  argument = __builtin_va_arg(list, void *);
  __builtin_va_end(list);
  if (fd < 1000 || fd > 1003) return fail(EBADF);
  if (request == 0x2284) return *(int *)argument == (1 | 0x100) ? 0 : fail(EINVAL);
  if (_IOC_TYPE(request) == 'p') return reservation(fd, request, argument);
  if (request != SG_IO) return fail(ENOTTY);
  int now = atomic_fetch_add(&under_way, 1) + 1;
  int most = most_at_once;
  while (now > most && !atomic_compare_exchange_weak(&most_at_once, &most, now)) {
  }
  atomic_fetch_add(&commands, 1);
  struct command c = {0};
  int result;
  if (*(int *)argument == 'S') {
    struct sg_io_hdr *h = argument;
    c.cdb = h->cmdp;
    c.cdb_length = h->cmd_len;
    c.data = h->dxferp;
    c.sense = h->sbp;
    if (h->dxfer_direction == SG_DXFER_FROM_DEV) c.in = h->dxfer_len;
    if (h->dxfer_direction == SG_DXFER_TO_DEV) c.out = h->dxfer_len;
    result = h->timeout == 0 || h->mx_sb_len < 96 ? fail(EDOM) : run(fd, &c);
    h->status = c.status;
    h->masked_status = c.masked;
    h->host_status = c.host;
    h->driver_status = c.driver;
    h->sb_len_wr = c.sense_length;
    h->resid = c.residual;
  } else if (*(int *)argument == 'Q') {
    struct sg_io_v4 *h = argument;
    c.cdb = (void *)h->request;
    c.cdb_length = h->request_len;
    c.sense = (void *)h->response;
    c.in = h->din_xfer_len;
    c.out = h->dout_xfer_len;
    c.data = (void *)(c.out ? h->dout_xferp : h->din_xferp);
    result = h->timeout == 0 || h->max_response_len < 96 ? fail(EDOM) : run(fd, &c);
    h->device_status = c.status;
    h->transport_status = c.host;
    h->driver_status = c.driver;
    h->response_len = c.sense_length;
    *(c.out ? &h->dout_resid : &h->din_resid) = c.residual;
  } else {
    result = fail(EINVAL);
  }
  int kept = errno;
  atomic_fetch_sub(&under_way, 1);
  errno = kept;
  return result;
}
