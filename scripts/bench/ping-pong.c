/* A minimal UDP client: ping-pong PORT COUNT. Sends a 64-byte STAMP packet every 10 ms, waits for its answer, and prints
   the median round trip in microseconds. The round trip of the load generator at 100/s is compared with it. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static int order(const void *a, const void *b) {
  double d = *(const double *)a - *(const double *)b;
  return (d > 0) - (d < 0);
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1]))};
  inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
  int s = socket(AF_INET, SOCK_DGRAM, 0), count = atoi(argv[2]);
  connect(s, (struct sockaddr *)&to, sizeof to);
  double *trips = calloc(count, sizeof *trips);
  unsigned char packet[64] = {[13] = 1};
  for (int i = 0; i < count; i++) {
    usleep(10000);
    double sent = now();
    if (send(s, packet, sizeof packet, 0) < 0 || recv(s, packet, sizeof packet, 0) < 0) return 1;
    trips[i] = now() - sent;
    for (int at = 16; at < 44; at++) packet[at] = 0;
  }
  qsort(trips, count, sizeof *trips, order);
  printf("%.1f\n", trips[count / 2]);
}
