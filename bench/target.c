/*
 * An iSCSI target that does next to nothing: READ (10) gets zeros, READ KEYS eight keys, everything else GOOD, and the data's
 * digest is ready beforehand. For measuring an initiator alone, and its digests: tgtd computes its own more slowly than
 * either initiator. Loopback only; it checks nothing, serves one connection and ends with it, and after SECONDS in any case.
 *
 *   target SECONDS
 *
 * Prints its port on one line. Accepts CRC32C for header and data where it is the initiator's first choice.
 */
#define _GNU_SOURCE /* memmem */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define HEADER 48
#define ROOM (1 << 20)

static uint32_t table[256], stat_sn;
static uint8_t in[ROOM], zeros[ROOM], keys[8 + 8 * 8] = {0, 0, 0, 8, 0, 0, 0, 8 * 8};
static int peer, header_digest, data_digest;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static uint32_t crc32c(const uint8_t *bytes, size_t length) {
  uint32_t crc = ~0u;
  while (length--) crc = crc >> 8 ^ table[(crc ^ *bytes++) & 0xff];
  return ~crc;
}

static void put32(uint8_t *at, uint32_t value) {
  value = htonl(value);
  memcpy(at, &value, 4);
}

static uint32_t get32(const uint8_t *at) {
  uint32_t value;
  memcpy(&value, at, 4);
  return ntohl(value);
}

/* The digest of data that never change, computed once for each length that follows another. */
static uint32_t data_crc(const uint8_t *data, uint32_t length) {
  static uint32_t known, crc;
  if (known != length) known = length, crc = crc32c(data, length);
  return crc;
}

static void answer(const uint8_t *request, uint8_t opcode, uint8_t flags, const uint8_t *data, uint32_t length, int digests) {
  uint8_t pdu[HEADER + 4] = {opcode, flags};
  const uint32_t padded = (length + 3) & ~3u, immediate = request[0] & 0x40;
  put32(pdu + 4, length); /* 24 bits; AHS length stays 0 */
  memcpy(pdu + 16, request + 16, 4);
  put32(pdu + 24, stat_sn++);
  const uint32_t command = get32(request + 24) + (immediate ? 0 : 1);
  put32(pdu + 28, command);
  put32(pdu + 32, command + 127);
  if (opcode == 0x23) memcpy(pdu + 8, request + 8, 6), pdu[15] = 1;
  if (opcode == 0x25) {
    const uint32_t residual = get32(request + 20) - length;
    put32(pdu + 20, ~0u);
    put32(pdu + 44, residual);
    if (residual > 0) pdu[1] |= 0x02;
  }
  const int with_header = digests && header_digest, with_data = digests && data_digest && length > 0;
  const uint32_t header_crc = with_header ? crc32c(pdu, HEADER) : 0;
  uint32_t trailer = with_data ? data_crc(data, padded) : 0;
  memcpy(pdu + HEADER, &header_crc, 4);
  struct iovec parts[3] = {
      {pdu, HEADER + (with_header ? 4u : 0u)}, {(void *)data, padded}, {&trailer, with_data ? 4u : 0u}};
  size_t left = parts[0].iov_len + parts[1].iov_len + parts[2].iov_len;
  for (int part = 0; left > 0;) {
    ssize_t sent = writev(peer, parts + part, 3 - part);
    if (sent <= 0) exit(0);
    left -= (size_t)sent;
    while (part < 3 && (size_t)sent >= parts[part].iov_len) sent -= (ssize_t)parts[part++].iov_len;
    if (part < 3) parts[part].iov_base = (char *)parts[part].iov_base + sent, parts[part].iov_len -= (size_t)sent;
  }
}

static int offers(const uint8_t *text, uint32_t length, const char *pair) {
  return memmem(text, length, pair, strlen(pair)) != NULL;
}

/* Agrees to everything; says something only where a key needs an answer. */
static void log_in(const uint8_t *request, const uint8_t *text, uint32_t length) {
  static uint8_t reply[512];
  const int operational = (request[1] >> 2 & 3) == 1;
  int header = offers(text, length, "HeaderDigest=CRC32C"), data = offers(text, length, "DataDigest=CRC32C"), size = 0;
  if (operational) {
    const char *names[] = {"None", "CRC32C"};
    size = sprintf((char *)reply, "HeaderDigest=%s%cDataDigest=%s%cMaxRecvDataSegmentLength=262144%c", names[header], 0, names[data], 0, 0);
  } else {
    size = sprintf((char *)reply, "AuthMethod=None%c", 0);
  }
  memset(reply + size, 0, 4);
  answer(request, 0x23, request[1] & 0x8f, reply, (uint32_t)size, 0);
  if (operational) header_digest = header, data_digest = data;
}

static void serve(const uint8_t *request, const uint8_t *data, uint32_t length) {
  const uint8_t opcode = request[0] & 0x3f;
  if (opcode == 0x03) log_in(request, data, length);
  else if (opcode == 0x06) answer(request, 0x26, 0x80, NULL, 0, 1);
  else if (opcode == 0x01 && request[32] == 0x28) answer(request, 0x25, 0x81, zeros, get32(request + 20), 1);
  else if (opcode == 0x01 && request[32] == 0x5e) answer(request, 0x25, 0x81, keys, sizeof keys, 1);
  else if (opcode == 0x01) answer(request, 0x21, 0x80, NULL, 0, 1);
}

int main(int argc, char **argv) {
  if (argc != 2) return fprintf(stderr, "one argument is needed; see the source\n"), 2;
  alarm((unsigned)atoi(argv[1]));
  for (uint32_t byte = 0; byte < 256; byte++) {
    table[byte] = byte;
    for (int bit = 0; bit < 8; bit++) table[byte] = table[byte] & 1 ? table[byte] >> 1 ^ 0x82f63b78 : table[byte] >> 1;
  }
  for (int key = 1; key <= 8; key++) keys[7 + 8 * key] = (uint8_t)key;
  int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof here;
  if (listener < 0 || bind(listener, (struct sockaddr *)&here, size) || listen(listener, 1)) fail("listen");
  if (getsockname(listener, (struct sockaddr *)&here, &size)) fail("getsockname");
  printf("%d\n", ntohs(here.sin_port));
  fflush(stdout);
  if ((peer = accept(listener, NULL, NULL)) < 0) fail("accept");
  setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  for (size_t have = 0;;) {
    ssize_t got = read(peer, in + have, ROOM - have);
    if (got <= 0) return 0;
    have += (size_t)got;
    size_t at = 0;
    while (have - at >= HEADER) {
      const uint8_t *pdu = in + at;
      const uint32_t length = get32(pdu + 4) & 0xffffff;
      const size_t front = HEADER + (header_digest ? 4u : 0u);
      const size_t whole = front + ((length + 3) & ~3u) + (data_digest && length > 0 ? 4u : 0u);
      if (have - at < whole) break;
      serve(pdu, pdu + front, length);
      at += whole;
    }
    memmove(in, in + at, have -= at);
  }
}
