/* The peers of a TCP relay under test, with little processor time of their own.
   stream-peers echo: sends back what it receives; prints its port.
   stream-peers load PORT CONNECTIONS SIZE SECONDS: each connection sends a message of SIZE octets when the one before has
   come back. Prints the messages per second after a warm-up, and the median and the 99th percentile of their round trips in
   microseconds. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST 65536
#define TRIPS 4000000
#define WARM_UP 0.3

struct peer {
  int fd, is_writing;
  size_t to_send, to_read; /* octets of the current message, or of the buffer to be echoed */
  double sent_at;
  char *buffer;
  size_t at;
};

static int poller;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static int order(const void *a, const void *b) {
  float d = *(const float *)a - *(const float *)b;
  return (d > 0) - (d < 0);
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

/* Watches for room to write in place of octets to read, or the other way round. */
static void watch(struct peer *p, int is_writing, int how) {
  struct epoll_event event = {.events = is_writing ? EPOLLOUT | EPOLLIN : EPOLLIN, .data.ptr = p};
  if (how == EPOLL_CTL_MOD && p->is_writing == is_writing) return;
  p->is_writing = is_writing;
  if (epoll_ctl(poller, how, p->fd, &event) < 0) fail("epoll_ctl");
}

static struct peer *add(int fd) {
  struct peer *p = calloc(1, sizeof *p);
  int on = 1;
  p->fd = fd;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  watch(p, 0, EPOLL_CTL_ADD);
  return p;
}

/* Sends what is left to send; returns 0 when the peer has gone. */
static int push(struct peer *p) {
  while (p->to_send > 0) {
    ssize_t n = send(p->fd, p->buffer + p->at, p->to_send, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN) return 0;
    if (n < 0) break;
    p->at += n;
    p->to_send -= n;
  }
  watch(p, p->to_send > 0, EPOLL_CTL_MOD);
  return 1;
}

static void drop(struct peer *p) {
  close(p->fd);
  free(p->buffer);
  free(p);
}

static void echo(void) {
  struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof own;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(listener, (struct sockaddr *)&own, sizeof own) < 0 || listen(listener, 4096) < 0) fail("listen");
  getsockname(listener, (struct sockaddr *)&own, &length);
  struct epoll_event event = {.events = EPOLLIN}, events[256];
  epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
  printf("%d\n", ntohs(own.sin_port));
  fflush(stdout);
  for (;;) {
    int count = epoll_wait(poller, events, 256, -1);
    for (int i = 0; i < count; i++) {
      struct peer *p = events[i].data.ptr;
      if (p == NULL) {
        struct peer *accepted = add(accept(listener, NULL, NULL));
        accepted->buffer = malloc(MOST);
        continue;
      }
      if (p->to_send == 0) {
        ssize_t n = recv(p->fd, p->buffer, MOST, MSG_DONTWAIT);
        if (n == 0 || (n < 0 && errno != EAGAIN)) {
          drop(p);
          continue;
        }
        p->at = 0;
        p->to_send = n > 0 ? n : 0;
      }
      if (!push(p)) drop(p);
    }
  }
}

static void message(struct peer *p, size_t size) {
  p->at = 0;
  p->to_send = p->to_read = size;
  p->sent_at = now();
  if (!push(p)) fail("send");
}

static int load(int port, int connections, size_t size, double seconds) {
  static char payload[MOST], received[MOST];
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  float *trips = malloc(TRIPS * sizeof *trips);
  long count = 0;
  for (int i = 0; i < connections; i++) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0) fail("connect");
    struct peer *p = add(fd);
    p->buffer = payload;
    message(p, size);
  }
  double begin = now() + WARM_UP, end = begin + seconds;
  struct epoll_event events[256];
  while (now() < end) {
    int ready = epoll_wait(poller, events, 256, 100);
    for (int i = 0; i < ready; i++) {
      struct peer *p = events[i].data.ptr;
      if (p->to_send > 0 && !push(p)) fail("send");
      ssize_t n = recv(p->fd, received, MOST, MSG_DONTWAIT);
      if (n == 0 || (n < 0 && errno != EAGAIN)) fail("recv");
      if (n < 0) continue;
      p->to_read -= n;
      if (p->to_read > 0) continue;
      double at = now();
      if (at >= begin && at < end && count < TRIPS) trips[count++] = (at - p->sent_at) * 1e6;
      message(p, size);
    }
  }
  qsort(trips, count, sizeof *trips, order);
  printf("%.1f %.1f %.1f\n", count / seconds, count ? trips[count / 2] : 0, count ? trips[count * 99 / 100] : 0);
  return 0;
}

int main(int argc, char **argv) {
  poller = epoll_create1(0);
  if (argc == 2 && strcmp(argv[1], "echo") == 0) echo();
  if (argc < 6 || atoi(argv[4]) > MOST) return 2;
  return load(atoi(argv[2]), atoi(argv[3]), atoi(argv[4]), atof(argv[5]));
}
