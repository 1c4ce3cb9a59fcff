/*
 * Peer of lane.scaling: what two threads gain over one where nothing is between them and the work.
 *
 * Task k makes ROUNDS of a 32-bit xorshift of the seed 1 + k % 8. Thread t of T does the tasks
 * t, t + T, t + 2 T …, so nobody waits for anybody before the end.
 *
 * usage: spin_threads ROUNDS
 * On stdin, `run THREADS TASKS`; on stdout, elapsed milliseconds and the sum of all results modulo
 * 2^32. Ends at the end of its input.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { THREADS_MAX = 64 };

struct share {
  pthread_t thread;
  long first, step, tasks;
  uint32_t sum;
};

static uint32_t rounds;

static void *work(void *argument) {
  struct share *share = argument;
  uint32_t sum = 0;
  for (long task = share->first; task < share->tasks; task += share->step) {
    uint32_t value = 1 + (uint32_t)(task % 8);
    for (uint32_t round = rounds; round > 0; round--) {
      value ^= value << 13;
      value ^= value >> 17;
      value ^= value << 5;
    }
    sum += value;
  }
  share->sum = sum;
  return NULL;
}

static double now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: %s ROUNDS\n", argv[0]);
    return 2;
  }
  rounds = (uint32_t)strtoul(argv[1], NULL, 10);

  char line[64];
  struct share shares[THREADS_MAX];
  while (fgets(line, sizeof line, stdin) != NULL) {
    long threads = 0, tasks = 0;
    if (sscanf(line, "run %ld %ld", &threads, &tasks) != 2) return 2;
    if (threads < 1 || threads > THREADS_MAX) return 2;
    double start = now_ms();
    for (long t = 0; t < threads; t++) {
      shares[t] = (struct share){.first = t, .step = threads, .tasks = tasks};
      if (pthread_create(&shares[t].thread, NULL, work, &shares[t]) != 0) {
        perror("pthread_create");
        return 1;
      }
    }
    uint32_t sum = 0;
    for (long t = 0; t < threads; t++) {
      pthread_join(shares[t].thread, NULL);
      sum += shares[t].sum;
    }
    printf("%.6f %u\n", now_ms() - start, sum);
    fflush(stdout);
  }
  return 0;
}
