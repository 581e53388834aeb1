/*
 * The other end of a bare socket: answers every REQUEST bytes with RESPONSE bytes, as often as they come, without looking at
 * them. What is left of a round trip when nobody computes anything. Loopback only; it serves one connection and ends with it,
 * and after SECONDS in any case.
 *
 *   echo REQUEST RESPONSE SECONDS
 *
 * Prints its port on one line.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROOM (4 << 20)

static void fail(const char *what) {
  perror(what);
  exit(1);
}

int main(int argc, char **argv) {
  if (argc != 4) return fprintf(stderr, "three arguments are needed; see the source\n"), 2;
  const size_t request = strtoul(argv[1], NULL, 10), response = strtoul(argv[2], NULL, 10);
  alarm((unsigned)atoi(argv[3]));

  int listener = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof here;
  if (listener < 0 || bind(listener, (struct sockaddr *)&here, length) || listen(listener, 1)) fail("listen");
  if (getsockname(listener, (struct sockaddr *)&here, &length)) fail("getsockname");
  printf("%d\n", ntohs(here.sin_port));
  fflush(stdout);

  int peer = accept(listener, NULL, NULL), one = 1;
  if (peer < 0) fail("accept");
  setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  uint8_t *in = malloc(ROOM), *out = calloc(1, ROOM);
  if (in == NULL || out == NULL) fail("malloc");
  size_t pending = 0;
  for (;;) {
    ssize_t got = read(peer, in, ROOM);
    if (got <= 0) return 0;
    pending += (size_t)got;
    size_t left = pending / request * response;
    pending %= request;
    while (left > 0) {
      ssize_t sent = write(peer, out, left < ROOM ? left : ROOM);
      if (sent <= 0) return 0;
      left -= (size_t)sent;
    }
  }
}
