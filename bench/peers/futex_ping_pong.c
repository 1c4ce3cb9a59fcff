/*
 * Peer of task.sync.*: the least that a round trip between two sleeping threads can cost.
 *
 * Two parties share one page. The caller writes a value and a sequence number, wakes the answerer
 * and sleeps; the answerer writes value + 1 and the sequence number, wakes the caller and sleeps.
 * Neither spins. A party that has not gone to sleep yet is not woken, which saves a system call.
 *
 *   byte 0    request sequence    (futex word of the answerer)
 *   byte 4    the answerer sleeps
 *   byte 8    value
 *   byte 64   reply sequence      (futex word of the caller)
 *   byte 68   the caller sleeps
 *   byte 72   result
 *
 * usage: futex_ping_pong threads|processes CALLER_CPU ANSWERER_CPU
 * On stdin, `run N`; on stdout, elapsed milliseconds and the sum of all results modulo 2^32.
 * Ends at the end of its input.
 */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct half {
  _Alignas(64) atomic_uint sequence;
  atomic_uint sleeps;
  uint64_t payload;
};

struct page {
  struct half request;
  struct half reply;
};

static struct page *page;
/* Threads of one process may use the cheaper, private form of the call. */
static int futex_flags;

static void bind_to(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0) {
    perror("sched_setaffinity");
    exit(1);
  }
}

static void sleep_until_changed(struct half *half, unsigned seen) {
  atomic_store(&half->sleeps, 1);
  while (atomic_load(&half->sequence) == seen)
    syscall(SYS_futex, &half->sequence, FUTEX_WAIT | futex_flags, seen, NULL, NULL, 0);
  atomic_store(&half->sleeps, 0);
}

static void publish(struct half *half, unsigned sequence) {
  atomic_store(&half->sequence, sequence);
  if (atomic_load(&half->sleeps))
    syscall(SYS_futex, &half->sequence, FUTEX_WAKE | futex_flags, 1, NULL, NULL, 0);
}

static void answer_for_ever(int cpu) {
  bind_to(cpu);
  for (unsigned seen = 0;; seen++) {
    sleep_until_changed(&page->request, seen);
    page->reply.payload = page->request.payload + 1;
    publish(&page->reply, seen + 1);
  }
}

static void *answer_thread(void *cpu) {
  answer_for_ever((int)(intptr_t)cpu);
  return NULL;
}

static void start_answerer(int as_process, int cpu) {
  if (as_process) {
    pid_t parent = getpid();
    pid_t child = fork();
    if (child < 0) {
      perror("fork");
      exit(1);
    }
    if (child != 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(0); /* The parent died before the line above. */
    answer_for_ever(cpu);
  }
  pthread_t thread;
  if (pthread_create(&thread, NULL, answer_thread, (void *)(intptr_t)cpu) != 0) {
    perror("pthread_create");
    exit(1);
  }
}

static double now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

int main(int argc, char **argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: %s threads|processes CALLER_CPU ANSWERER_CPU\n", argv[0]);
    return 2;
  }
  int as_process = strcmp(argv[1], "processes") == 0;
  futex_flags = as_process ? 0 : FUTEX_PRIVATE_FLAG;
  page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) {
    perror("mmap");
    return 1;
  }
  start_answerer(as_process, atoi(argv[3]));
  bind_to(atoi(argv[2]));

  char line[64];
  unsigned sequence = 0;
  while (fgets(line, sizeof line, stdin) != NULL) {
    long ops = 0;
    if (sscanf(line, "run %ld", &ops) != 1) return 2;
    uint32_t sum = 0;
    double start = now_ms();
    for (long op = 0; op < ops; op++) {
      page->request.payload = (uint64_t)op;
      publish(&page->request, sequence + 1);
      sleep_until_changed(&page->reply, sequence);
      sequence++;
      if (page->reply.payload != (uint64_t)op + 1) return 3;
      sum += (uint32_t)page->reply.payload;
    }
    printf("%.6f %u\n", now_ms() - start, sum);
    fflush(stdout);
  }
  return 0;
}
