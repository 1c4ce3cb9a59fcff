/*
 * A client of a Chimaera node in C11, written from docs/memory_layout.md and nothing else.
 *
 *   chimaera_client INSTANCE_FOLDER [ROUNDS]    calls the admin and small_message, measures
 *   chimaera_client INSTANCE_FOLDER --break     sends a malformed task, and is sent away
 *
 * Says `connected`; the last line on standard output is one JSON object. Exit code 0, or 1 with a
 * reason on standard error. One thread, one port. Section numbers are the document's.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* ---- numbers of the layout: section 9 ------------------------------------------------------ */

enum {
  PROTOCOL_VERSION = 1,
  LAYOUT_VERSION = 1,
  SEGMENT_MAGIC = 0x4d494843,
  KIND_SESSION = 2,
  KIND_BELL = 3,
  SEGMENT_UNIT_BYTES = 65536,
  PORT_TABLE = 4096,
  RESERVED_BYTES = 1 << 20,

  FRAME_JSON = 1,

  PORT_SLOTS = 4096,
  SLOT_BYTES = 128,
  ERROR_RECORD_BYTES = 1024,

  RING_HEAD = 0,
  RING_TAIL = 16,
  RING_SLOTS = 32,
  DESCRIPTOR_WORDS = 16,
  COMPLETION_WORDS = 4,
  SUBMISSION_RING_BYTES = (RING_SLOTS + PORT_SLOTS * DESCRIPTOR_WORDS) * 4,
  COMPLETION_RING_BYTES = (RING_SLOTS + PORT_SLOTS * COMPLETION_WORDS) * 4,

  BELL_LINE_WORDS = 16,
  BELL_STATE = 0,
  BELL_EPOCH = 1,
  STATE_AWAKE = 0,
  STATE_FUTEX = 1,
  STATE_EVENT_LOOP = 2,
  FIRST_WORKER_LINE = 1,

  QUERY_LOCAL_ID = 1,
  ADMIN_POOL = 1,

  WORKERS_MAX = 64,
  LOOK_AROUND_MS = 100,
};

/* Words of a header, a descriptor and a completion. */
enum { HEADER_MAGIC, HEADER_VERSION, HEADER_KIND = 5, HEADER_SIZE_UNITS = 6 };
enum {
  D_SLOT,
  D_GENERATION,
  D_POOL,
  D_METHOD,
  D_LAYOUT_HASH,
  D_QUERY_KIND,
  D_QUERY_FIRST,
  D_QUERY_SECOND,
  D_FLAGS,
  D_PERIOD_US,
  D_FIELDS = 13,
};
enum { C_SLOT, C_GENERATION, C_RETURN_CODE, C_WORKER };

/* ---- task types: section 6 ----------------------------------------------------------------- */

/* What the layout hash of a task type is taken of, and how many bytes its fields are. */
typedef struct {
  uint32_t method;
  uint32_t fields_bytes;
  const char *layout;
} task_type;

typedef struct {
  uint32_t length;
  char text[128];
} text128;

typedef struct {
  uint32_t length;
  char text[64];
} text64;

typedef struct {
  text128 pool_name;
  text64 lib_name;
  uint32_t affinity_kind, affinity_first, affinity_second;
  uint32_t global_containers, lanes_per_container;
  uint32_t params_layout;
  uint32_t params_length;
  uint8_t params[4096];
  uint32_t id;
  uint8_t created;
  uint8_t padding[7];
} create_pool_fields;
_Static_assert(sizeof(create_pool_fields) == 4336, "fields of CreatePool");

static const task_type CREATE_POOL = {
  10,
  sizeof(create_pool_fields),
  "10|poolName:string:0:132:1::|libName:string:132:68:1::|affinityKind:u32:200:4:1::"
  "|affinityFirst:u32:204:4:1::|affinitySecond:u32:208:4:1::|globalContainers:u32:212:4:1::"
  "|lanesPerContainer:u32:216:4:1::|paramsLayout:u32:220:4:1::|params:bytes:224:4100:1::"
  "|id:u32:4324:4:2::|created:bool:4328:1:2::",
};

typedef struct {
  text128 pool_name;
  uint32_t id;
} get_pool_id_fields;
_Static_assert(sizeof(get_pool_id_fields) == 136, "fields of GetPoolId");

static const task_type GET_POOL_ID = {
  15,
  sizeof(get_pool_id_fields),
  "15|poolName:string:0:132:1::|id:u32:132:4:2::",
};

typedef struct {
  uint32_t depth_left, lane, ret, padding;
} md_fields;
_Static_assert(sizeof(md_fields) == 16, "fields of Md");

static const task_type MD = {
  10,
  sizeof(md_fields),
  "10|depthLeft:u32:0:4:1::|lane:u32:4:4:1::|ret:u32:8:4:2::",
};

typedef struct {
  uint32_t mode;
  uint32_t data_segment, data_offset;
  uint32_t padding;
  uint64_t size, capacity, ret;
} io_fields;
_Static_assert(sizeof(io_fields) == 40 && offsetof(io_fields, size) == 16, "fields of Io");

static const task_type IO = {
  11,
  sizeof(io_fields),
  "11|mode:u32:0:4:1::|data:bulk:4:8:3:size:capacity|size:u64:16:8:3::"
  "|capacity:u64:24:8:1::|ret:u64:32:8:2::",
};
enum { IO_WRITE = 1, IO_READ = 2 };

/* 32-bit FNV-1a. */
static uint32_t layout_hash(const task_type *type) {
  uint32_t hash = 0x811c9dc5u;
  for (const char *at = type->layout; *at != '\0'; at++) {
    hash = (hash ^ (uint8_t)*at) * 0x01000193u;
  }
  return hash;
}

/* ---- ending -------------------------------------------------------------------------------- */

_Noreturn static void fail(const char *format, ...) {
  va_list values;
  va_start(values, format);
  fputs("chimaera_client: ", stderr);
  vfprintf(stderr, format, values);
  fputc('\n', stderr);
  va_end(values);
  exit(1);
}

_Noreturn static void fail_call(const char *call) {
  fail("%s: %s", call, strerror(errno));
}

/* ---- control socket: section 2 ------------------------------------------------------------- */

typedef struct {
  const char *folder;
  int socket;
  uint32_t last_id;
  char answer[65536];
} control;

static int connect_unix(const char *folder, const char *name) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int length = snprintf(address.sun_path, sizeof address.sun_path, "%s/%s", folder, name);
  if (length < 0 || (size_t)length >= sizeof address.sun_path) fail("%s: path too long", folder);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) fail_call("socket");
  if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
  close(fd);
  return -1;
}

static void send_all(int fd, const void *bytes, size_t size) {
  for (const char *at = bytes; size > 0;) {
    ssize_t sent = send(fd, at, size, MSG_NOSIGNAL);
    if (sent < 0) fail_call("send to the node");
    at += sent;
    size -= (size_t)sent;
  }
}

/* False when the node has closed the connection. */
static bool receive_all(int fd, void *bytes, size_t size) {
  for (char *at = bytes; size > 0;) {
    ssize_t got = recv(fd, at, size, 0);
    if (got <= 0) return false;
    at += got;
    size -= (size_t)got;
  }
  return true;
}

/* Reads one frame of JSON into `answer`; false at the connection's end. */
static bool receive_frame(control *c) {
  uint8_t head[5];
  if (!receive_all(c->socket, head, sizeof head)) return false;
  uint32_t size = head[0] | head[1] << 8 | head[2] << 16 | (uint32_t)head[3] << 24;
  if (head[4] != FRAME_JSON || size < 1 || size > sizeof c->answer) fail("a frame of %u bytes", size);
  if (!receive_all(c->socket, c->answer, size - 1)) return false;
  c->answer[size - 1] = '\0';
  return true;
}

/* Where the value of a key starts; the answers have no key twice. NULL when it is not there. */
static const char *json_find(const char *json, const char *key) {
  char quoted[64];
  snprintf(quoted, sizeof quoted, "\"%s\":", key);
  const char *at = strstr(json, quoted);
  return at == NULL ? NULL : at + strlen(quoted);
}

static uint32_t json_number(const char *json, const char *key) {
  const char *at = json_find(json, key);
  if (at == NULL) fail("the node's answer has no `%s`: %s", key, json);
  return (uint32_t)strtoul(at, NULL, 10);
}

/* Paths are the only texts that a client needs; they have nothing to unescape. */
static void json_text(const char *json, const char *key, char *to, size_t room) {
  const char *at = json_find(json, key);
  if (at == NULL || *at != '"') fail("the node's answer has no `%s`: %s", key, json);
  size_t length = strcspn(at + 1, "\"");
  if (length >= room) fail("`%s` is too long", key);
  memcpy(to, at + 1, length);
  to[length] = '\0';
}

/* Sends a request, `{"id":…,"kind":…` and the rest, and leaves the answer in `c->answer`. */
static void request(control *c, const char *format, ...) {
  char text[1024];
  int length = snprintf(text, sizeof text, "{\"id\":%u,", ++c->last_id);
  va_list values;
  va_start(values, format);
  length += vsnprintf(text + length, sizeof text - (size_t)length, format, values);
  va_end(values);
  if (length < 0 || (size_t)length >= sizeof text) fail("request too long");
  uint32_t size = (uint32_t)length + 1;
  uint8_t head[5] = {size & 255, size >> 8 & 255, size >> 16 & 255, size >> 24, FRAME_JSON};
  send_all(c->socket, head, sizeof head);
  send_all(c->socket, text, (size_t)length);
  if (!receive_frame(c)) fail("the node closed the connection");
  if (json_find(c->answer, "error") != NULL) fail("the node refuses: %s", c->answer);
  if (json_number(c->answer, "id") != c->last_id) fail("an answer to something else");
}

/* ---- mapping: section 3 -------------------------------------------------------------------- */

typedef struct {
  uint8_t *bytes;
  size_t size;
} mapping;

static uint32_t *words_at(const mapping *m, size_t offset) {
  return (uint32_t *)(m->bytes + offset);
}

static mapping map_segment(const char *path, uint32_t kind) {
  int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) fail_call(path);
  if (strncmp(path, "/proc/", 6) == 0) {
    int wanted = F_SEAL_SHRINK | F_SEAL_GROW;
    int seals = fcntl(fd, F_GET_SEALS);
    if (seals < 0 || (seals & wanted) != wanted) fail("%s is not sealed", path);
  }
  off_t size = lseek(fd, 0, SEEK_END);
  if (size < SEGMENT_UNIT_BYTES) fail("%s: %lld bytes", path, (long long)size);
  void *bytes = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (bytes == MAP_FAILED) fail_call("mmap");
  close(fd);
  mapping m = {bytes, (size_t)size};
  const uint32_t *header = words_at(&m, 0);
  if (header[HEADER_MAGIC] != SEGMENT_MAGIC) fail("%s: no segment", path);
  if (header[HEADER_VERSION] != LAYOUT_VERSION) fail("%s: another layout version", path);
  if (header[HEADER_KIND] != kind) fail("%s: kind %u", path, header[HEADER_KIND]);
  if ((size_t)header[HEADER_SIZE_UNITS] * SEGMENT_UNIT_BYTES != m.size) fail("%s: size", path);
  return m;
}

/* ---- control words: section 4 -------------------------------------------------------------- */

/* All of them are sequentially consistent, and naturally aligned words of 32 bits. */
static uint32_t load(const uint32_t *word) {
  return atomic_load((const _Atomic uint32_t *)word);
}

static void store(uint32_t *word, uint32_t value) {
  atomic_store((_Atomic uint32_t *)word, value);
}

static void futex_wake(uint32_t *word) {
  syscall(SYS_futex, word, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

/* Sleeps while the word holds `expected`; false when the time was up. */
static bool futex_wait(uint32_t *word, uint32_t expected, int timeout_ms) {
  struct timespec time = {timeout_ms / 1000, timeout_ms % 1000 * 1000000L};
  long result = syscall(SYS_futex, word, FUTEX_WAIT, expected, &time, NULL, 0);
  return result == 0 || errno != ETIMEDOUT;
}

/* ---- the session and its port: sections 4 and 5 --------------------------------------------- */

typedef struct {
  uint32_t *words;
  uint32_t counter;   /* tail of a submission ring, head of a completion ring: our own copy */
  uint32_t published; /* submission rings: the tail that the node can see */
} ring;

typedef struct {
  bool done;
  uint32_t generation;
  uint32_t return_code;
} slot_state;

typedef struct {
  control control;
  int lock;
  mapping segment, bells;
  uint32_t segment_id, workers, bell_line;
  size_t free_offset; /* the segment is ours from 1 MiB on: blocks are cut off its free end */
  size_t slots_offset, errors_offset;
  ring submissions[WORKERS_MAX], completions[WORKERS_MAX];
  int doorbells[WORKERS_MAX];
  slot_state slots[PORT_SLOTS];
} session;

static size_t take_block(session *s, size_t size) {
  size_t offset = s->free_offset;
  s->free_offset = (offset + size + 63) & ~(size_t)63;
  if (s->free_offset > s->segment.size) fail("the segment is full");
  return offset;
}

static void open_port(session *s) {
  request(&s->control, "\"kind\":\"reserveBellLine\"}");
  s->bell_line = json_number(s->control.answer, "value");
  s->slots_offset = take_block(s, PORT_SLOTS * SLOT_BYTES);
  s->errors_offset = take_block(s, PORT_SLOTS * ERROR_RECORD_BYTES);
  size_t pair_bytes = SUBMISSION_RING_BYTES + COMPLETION_RING_BYTES;
  size_t rings_offset = take_block(s, s->workers * pair_bytes);
  for (uint32_t w = 0; w < s->workers; w++) {
    size_t at = rings_offset + w * pair_bytes;
    s->submissions[w].words = words_at(&s->segment, at);
    s->completions[w].words = words_at(&s->segment, at + SUBMISSION_RING_BYTES);
    s->doorbells[w] = -1;
  }
  request(
    &s->control,
    "\"kind\":\"openPort\",\"doorbell\":false,\"places\":{\"index\":0,\"bellLine\":%u,"
    "\"slotsOffset\":%zu,\"errorsOffset\":%zu,\"ringsOffset\":%zu}}",
    s->bell_line, s->slots_offset, s->errors_offset, rings_offset
  );
  uint32_t *entry = words_at(&s->segment, PORT_TABLE);
  entry[1] = s->bell_line;
  entry[2] = (uint32_t)s->slots_offset;
  entry[3] = (uint32_t)s->errors_offset;
  entry[4] = (uint32_t)rings_offset;
  entry[0] = 1;
}

static void open_session(session *s, const char *folder, uint32_t size_bytes) {
  s->control.folder = folder;
  s->control.socket = connect_unix(folder, "control.sock");
  if (s->control.socket < 0) fail("no node answers in %s", folder);
  char path[256];
  snprintf(path, sizeof path, "%s/lock", folder);
  s->lock = open(path, O_RDONLY | O_CLOEXEC);
  if (s->lock < 0) fail_call(path);
  request(
    &s->control, "\"kind\":\"hello\",\"protocol\":%d,\"pid\":%d,\"sizeBytes\":%u,\"shared\":true}",
    PROTOCOL_VERSION, (int)getpid(), size_bytes
  );
  const char *welcome = s->control.answer;
  s->workers = json_number(welcome, "workers");
  s->segment_id = json_number(welcome, "segmentId");
  if (s->workers < 1 || s->workers > WORKERS_MAX) fail("%u workers", s->workers);
  char bells_path[128];
  json_text(welcome, "segmentPath", path, sizeof path);
  json_text(welcome, "bellsPath", bells_path, sizeof bells_path);
  if (path[0] == '\0') fail("the node's memory is private to its process");
  s->segment = map_segment(path, KIND_SESSION);
  s->bells = map_segment(bells_path, KIND_BELL);
  s->free_offset = RESERVED_BYTES;
  open_port(s);
}

/* Fails when the node has died, or has ended the session. */
static void check_alive(session *s) {
  /* The lock can be had only when its holder is dead. */
  if (flock(s->lock, LOCK_SH | LOCK_NB) == 0) fail("the node died");
  struct pollfd entry = {.fd = s->control.socket, .events = POLLIN};
  if (poll(&entry, 1, 0) == 0) return;
  if (receive_frame(&s->control)) fail("the node ends the session: %s", s->control.answer);
  fail("the node closed the connection");
}

static void ring_worker(session *s, uint32_t worker) {
  uint32_t *line = words_at(&s->bells, 0) + (FIRST_WORKER_LINE + worker) * BELL_LINE_WORDS;
  uint32_t state = load(&line[BELL_STATE]);
  if (state == STATE_AWAKE) return;
  /* Of several that see a sleeper, the one that turns the state wakes it. */
  uint32_t found = state;
  if (!atomic_compare_exchange_strong((_Atomic uint32_t *)&line[BELL_STATE], &found, STATE_AWAKE)) {
    return;
  }
  atomic_fetch_add((_Atomic uint32_t *)&line[BELL_EPOCH], 1);
  if (state == STATE_FUTEX) {
    futex_wake(&line[BELL_EPOCH]);
    return;
  }
  if (s->doorbells[worker] < 0) {
    char name[32];
    snprintf(name, sizeof name, "worker-%u.sock", worker);
    s->doorbells[worker] = connect_unix(s->control.folder, name);
    if (s->doorbells[worker] < 0) return; /* It looks around by itself within 100 ms. */
  }
  send(s->doorbells[worker], "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Writes the descriptor of a task into a worker's ring. The node sees it after `publish`. */
static void submit(
  session *s, uint32_t worker, uint32_t slot, uint32_t pool, const task_type *type, uint32_t hash,
  size_t fields_offset
) {
  slot_state *state = &s->slots[slot % PORT_SLOTS];
  state->done = false;
  state->generation++;
  ring *r = &s->submissions[worker];
  uint32_t *d = r->words + RING_SLOTS + (r->counter % PORT_SLOTS) * DESCRIPTOR_WORDS;
  memset(d, 0, DESCRIPTOR_WORDS * 4);
  d[D_SLOT] = slot;
  d[D_GENERATION] = state->generation;
  d[D_POOL] = pool;
  d[D_METHOD] = type->method;
  d[D_LAYOUT_HASH] = hash;
  d[D_QUERY_KIND] = QUERY_LOCAL_ID;
  d[D_QUERY_FIRST] = 1;
  d[D_FIELDS] = (uint32_t)fields_offset;
  r->counter++;
}

/* Shows a worker everything submitted to it, and wakes it. */
static void publish(session *s, uint32_t worker) {
  ring *r = &s->submissions[worker];
  if (r->published == r->counter) return;
  r->published = r->counter;
  store(&r->words[RING_TAIL], r->counter);
  ring_worker(s, worker);
}

/* Takes every completion that is there; returns how many, and from which worker the last came. */
static uint32_t take_completions(session *s, uint32_t *worker) {
  uint32_t total = 0;
  for (uint32_t w = 0; w < s->workers; w++) {
    ring *r = &s->completions[w];
    uint32_t count = load(&r->words[RING_TAIL]) - r->counter;
    if (count == 0) continue;
    if (count > PORT_SLOTS) fail("a completion ring is out of order");
    for (uint32_t k = 0; k < count; k++, r->counter++) {
      const uint32_t *c = r->words + RING_SLOTS + (r->counter % PORT_SLOTS) * COMPLETION_WORDS;
      slot_state *state = &s->slots[c[C_SLOT] % PORT_SLOTS];
      if (state->generation != c[C_GENERATION]) continue;
      state->return_code = c[C_RETURN_CODE];
      state->done = true;
      *worker = c[C_WORKER];
    }
    store(&r->words[RING_HEAD], r->counter);
    total += count;
  }
  return total;
}

static bool completions_there(const session *s) {
  for (uint32_t w = 0; w < s->workers; w++) {
    if (load(&s->completions[w].words[RING_TAIL]) != s->completions[w].counter) return true;
  }
  return false;
}

/* Sleeps until a completion comes, or for 100 ms. */
static void sleep_on_bell(session *s) {
  uint32_t *line = words_at(&s->bells, 0) + s->bell_line * BELL_LINE_WORDS;
  uint32_t epoch = load(&line[BELL_EPOCH]);
  store(&line[BELL_STATE], STATE_FUTEX);
  bool woken = completions_there(s) || futex_wait(&line[BELL_EPOCH], epoch, LOOK_AROUND_MS);
  store(&line[BELL_STATE], STATE_AWAKE);
  if (!woken) check_alive(s);
}

/* Sends one task and waits for it; returns its code, 0 when it succeeded. */
static uint32_t call(
  session *s, uint32_t *worker, uint32_t pool, const task_type *type, uint32_t hash,
  size_t fields_offset
) {
  enum { SLOT = 0 };
  submit(s, *worker, SLOT, pool, type, hash, fields_offset);
  publish(s, *worker);
  while (!s->slots[SLOT].done) {
    if (take_completions(s, worker) == 0) sleep_on_bell(s);
  }
  return s->slots[SLOT].return_code;
}

/* The JSON text of a failed task's error record: section 7. */
static const char *error_text(const session *s, uint32_t slot) {
  static char text[ERROR_RECORD_BYTES];
  const uint8_t *record = s->segment.bytes + s->errors_offset + slot * ERROR_RECORD_BYTES;
  uint32_t length;
  memcpy(&length, record, 4);
  if (length == 0 || length > ERROR_RECORD_BYTES - 4) return "{}";
  memcpy(text, record + 4, length);
  text[length] = '\0';
  return text;
}

/* ---- what this program does ----------------------------------------------------------------- */

static void must_succeed(const session *s, const char *what, uint32_t code) {
  if (code != 0) fail("%s: error CHI-%u %s", what, code, error_text(s, 0));
}

static void set_text(uint32_t *length, char *to, const char *text) {
  *length = (uint32_t)strlen(text);
  memcpy(to, text, *length);
}

static uint32_t create_pool(session *s, const char *name, const char *lib_name) {
  size_t at = take_block(s, sizeof(create_pool_fields));
  create_pool_fields *f = (create_pool_fields *)(s->segment.bytes + at);
  memset(f, 0, sizeof *f);
  set_text(&f->pool_name.length, f->pool_name.text, name);
  set_text(&f->lib_name.length, f->lib_name.text, lib_name);
  f->affinity_kind = QUERY_LOCAL_ID;
  f->affinity_first = 1;
  uint32_t worker = ADMIN_POOL % s->workers;
  must_succeed(
    s, "create a pool",
    call(s, &worker, ADMIN_POOL, &CREATE_POOL, layout_hash(&CREATE_POOL), at)
  );
  return f->id;
}

static uint32_t find_pool(session *s, const char *name) {
  size_t at = take_block(s, sizeof(get_pool_id_fields));
  get_pool_id_fields *f = (get_pool_id_fields *)(s->segment.bytes + at);
  memset(f, 0, sizeof *f);
  set_text(&f->pool_name.length, f->pool_name.text, name);
  uint32_t worker = ADMIN_POOL % s->workers;
  must_succeed(
    s, "find a pool",
    call(s, &worker, ADMIN_POOL, &GET_POOL_ID, layout_hash(&GET_POOL_ID), at)
  );
  return f->id;
}

/* Runs a chain of depth + 1 tasks in the node; returns how many ran. */
static uint32_t md(session *s, uint32_t *worker, uint32_t pool, uint32_t hash, uint32_t depth) {
  md_fields *f = (md_fields *)(s->segment.bytes + s->slots_offset);
  *f = (md_fields){.depth_left = depth};
  must_succeed(s, "Md", call(s, worker, pool, &MD, hash, s->slots_offset));
  return f->ret;
}

/* Sums or fills a block by pointer; returns the sum of its bytes. */
static uint64_t io(session *s, uint32_t pool, size_t block, uint32_t size, uint32_t mode) {
  io_fields *f = (io_fields *)(s->segment.bytes + s->slots_offset);
  *f = (io_fields){
    .mode = mode,
    .data_segment = s->segment_id,
    .data_offset = (uint32_t)block,
    .size = size,
    .capacity = size,
  };
  uint32_t worker = (pool - 1) % s->workers;
  must_succeed(s, "Io", call(s, &worker, pool, &IO, layout_hash(&IO), s->slots_offset));
  return f->ret;
}

/* Sends as many tasks as the port has slots, publishes once, and counts the right results. */
static uint32_t md_batch(session *s, uint32_t pool, uint32_t hash) {
  uint32_t worker = (pool - 1) % s->workers;
  for (uint32_t slot = 0; slot < PORT_SLOTS; slot++) {
    size_t at = s->slots_offset + slot * SLOT_BYTES;
    *(md_fields *)(s->segment.bytes + at) = (md_fields){.lane = slot};
    submit(s, worker, slot, pool, &MD, hash, at);
  }
  publish(s, worker);
  uint32_t ignored = 0;
  for (uint32_t done = 0; done < PORT_SLOTS;) {
    uint32_t count = take_completions(s, &ignored);
    if (count == 0) sleep_on_bell(s);
    done += count;
  }
  uint32_t right = 0;
  for (uint32_t slot = 0; slot < PORT_SLOTS; slot++) {
    const md_fields *f = (md_fields *)(s->segment.bytes + s->slots_offset + slot * SLOT_BYTES);
    if (s->slots[slot].done && s->slots[slot].return_code == 0 && f->ret == 1) right++;
  }
  return right;
}

static double now_us(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static int use(session *s, uint32_t rounds) {
  puts("connected");
  fflush(stdout);
  uint32_t pool = create_pool(s, "c_client", "chimaera_small_message");
  if (find_pool(s, "c_client") != pool) fail("GetPoolId does not find the pool");
  uint32_t hash = layout_hash(&MD);
  uint32_t worker = (pool - 1) % s->workers;
  uint32_t deep = md(s, &worker, pool, hash, 5);

  enum { BLOCK_BYTES = 1 << 20 };
  size_t block = take_block(s, BLOCK_BYTES);
  uint64_t expected = 0;
  for (uint32_t k = 0; k < BLOCK_BYTES; k++) expected += s->segment.bytes[block + k] = k * 7 & 255;
  uint64_t sum = io(s, pool, block, BLOCK_BYTES, IO_WRITE);
  if (sum != expected) fail("Io summed %llu", (unsigned long long)sum);
  uint64_t filled = io(s, pool, block, BLOCK_BYTES, IO_READ);
  for (uint32_t k = 0; k < BLOCK_BYTES; k++) {
    if (s->segment.bytes[block + k] != 15) fail("Io left byte %u as it was", k);
  }

  uint32_t batch = md_batch(s, pool, hash);
  uint32_t code = call(s, &worker, pool, &MD, hash ^ 1, s->slots_offset);
  if (code == 0) fail("a task of another layout was accepted");
  char error[ERROR_RECORD_BYTES];
  strcpy(error, error_text(s, 0));

  double *samples = malloc(rounds * sizeof *samples);
  if (samples == NULL) fail_call("malloc");
  for (uint32_t k = 0; k < rounds; k++) {
    double start = now_us();
    if (md(s, &worker, pool, hash, 0) != 1) fail("Md answered wrong");
    samples[k] = now_us() - start;
  }
  qsort(samples, rounds, sizeof *samples, ascending);
  printf(
    "{\"client\":\"c\",\"workers\":%u,\"poolId\":%u,\"deep\":%u,\"sum\":%llu,\"filled\":%llu,"
    "\"batch\":%u,\"error\":{\"code\":%u,\"record\":%s},"
    "\"roundTrip\":{\"rounds\":%u,\"p50Us\":%.1f,\"p99Us\":%.1f}}\n",
    s->workers, pool, deep, (unsigned long long)sum, (unsigned long long)filled, batch, code, error,
    rounds, samples[rounds / 2], samples[(uint64_t)rounds * 99 / 100]
  );
  free(samples);
  return 0;
}

/* Names a slot that no port has: the node ends the session, and says why. */
static int break_rules(session *s) {
  uint32_t pool = create_pool(s, "c_client", "chimaera_small_message");
  uint32_t worker = (pool - 1) % s->workers;
  submit(s, worker, PORT_SLOTS, pool, &MD, layout_hash(&MD), s->slots_offset);
  publish(s, worker);
  if (!receive_frame(&s->control)) fail("the node closed the connection without a reason");
  printf("{\"client\":\"c\",\"ended\":%s}\n", s->control.answer);
  char more;
  if (recv(s->control.socket, &more, 1, 0) != 0) fail("the connection is still open");
  return 0;
}

int main(int count, char **values) {
  if (count < 2) fail("usage: chimaera_client INSTANCE_FOLDER [ROUNDS | --break]");
  static session s;
  open_session(&s, values[1], 64u << 20);
  bool breaks = count > 2 && strcmp(values[2], "--break") == 0;
  uint32_t rounds = count > 2 && !breaks ? (uint32_t)strtoul(values[2], NULL, 10) : 20000;
  if (!breaks && rounds < 1) fail("ROUNDS is a number from 1 on");
  int result = breaks ? break_rules(&s) : use(&s, rounds);
  close(s.control.socket);
  return result;
}
