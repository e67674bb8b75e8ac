/*
 * A WebSocket load generator: one thread, one epoll, its own framing, loopback only.
 *
 *   cc -O2 -o generator generator.c        (with -DWITH_ZLIB -lz it also inflates what one connection receives)
 *
 * It speaks as one of several clients ("personas"), does one kind of work ("modes"), and prints one line of JSON.
 * `generator --help` lists both. The work: every publication carries a mark, the time it was sent and who sent it; a
 * subscriber counts a delivery for every mark it reads, whatever the protocol wraps around it.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#ifdef WITH_ZLIB
#include <zlib.h>
#endif

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

#define NS 1000000000ull
/** Four, because MessagePack has any byte in its numbers: a lone "~" was counted in the time of publications. */
#define MARK "~~~~"
#define MARK_LENGTH 4
/** After the mark: 16 hexadecimal digits of time in ns, 6 of the sender. */
#define STAMP 22

enum mode { FAN, PINGPONG, IDLE, ACCEPT };
enum persona { PLAIN, CARILLON, SOCKETIO, NATS };
enum state { CLOSED, CONNECTING, UPGRADING, GREETING, READY };
enum opcode { OP_TEXT = 1, OP_BINARY = 2, OP_CLOSE = 8, OP_PING = 9, OP_PONG = 10 };

struct bytes {
  uint8_t *at;
  size_t length, capacity;
};

struct connection {
  int fd, index, room;
  enum state state;
  int step;
  bool msgpack;
  /** Of one that only listens, in a language that is not read here; the server has it join. NULL: it speaks. */
  const char *listens_at;
  /** NATS: how much of a mark the last frame ended with. */
  int cut;
  /** Answers to `subscribe` that are still to come. */
  int awaited;
  /** Carillon, with --resume: the messages of its session that have arrived. */
  int told;
  /** The start of a frame whose end has not come yet. */
  struct bytes partial;
  /** What the kernel did not take yet. */
  struct bytes unsent;
  uint64_t opened_at;
};

static struct {
  enum mode mode;
  enum persona persona;
  const char *path;
  /** Which connections speak MessagePack: 0 none, 1 all, 2 every other. */
  int msgpack;
  bool deflate, request, touch, resume;
  int port, rooms, members, window, burst, payload, slots, extra, sample;
  double rate, warmup, seconds;
  int pids[64], pid_count;
  /** Where all connections but the first one listen, in turn. */
  const char *listen[16];
  int listen_count;
} option = {
    .mode = FAN, .persona = PLAIN, .port = 9001, .rooms = 1, .members = 1000, .window = 1, .burst = 1,
    .payload = 128, .slots = 64, .sample = 4, .warmup = 1, .seconds = 4,
};

static struct {
  uint64_t deliveries, publications, frames, reads, received, errors, closed, skipped, compressed, uncompressed;
  int ready;
} total;

static struct connection *connections;
static int connection_count, poller;
static bool measuring, running, inflated_wrong;
static uint64_t histogram[4096];
static const size_t buffer_size = 1 << 20;
static uint8_t *buffer;

/* ---- time, numbers, facts of the system ---- */

static uint64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * NS + t.tv_nsec;
}

static void fail(const char *what) {
  fprintf(stderr, "generator: %s\n", what);
  exit(1);
}

static void fail_errno(const char *what) {
  fprintf(stderr, "generator: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void misused(const char *what, const char *value) {
  fprintf(stderr, "generator: %s: \"%s\" (see --help)\n", what, value);
  exit(2);
}

/** Buckets of 3 % width over units of 0.1 µs. */
static void record(uint64_t ns) {
  uint64_t units = ns / 100;
  int exponent = units < 64 ? 0 : 63 - __builtin_clzll(units) - 5;
  uint64_t bucket = exponent * 32 + (units >> exponent);
  histogram[bucket < 4096 ? bucket : 4095]++;
}

static double bucket_us(int bucket) {
  if (bucket < 64) return bucket * 0.1;
  int exponent = bucket / 32 - 1;
  return (double)((uint64_t)(bucket - exponent * 32) << exponent) * 0.1;
}

/** Microseconds, or -1 when nothing was recorded. */
static double percentile(double share) {
  uint64_t all = 0, seen = 0;
  for (int i = 0; i < 4096; i++) all += histogram[i];
  for (int i = 0; all && i < 4096; i++) {
    seen += histogram[i];
    if (seen > (uint64_t)(all * share)) return bucket_us(i);
  }
  return -1;
}

struct cpu {
  double user, system;
};

/** CPU seconds of the servers, from fields 14 and 15 of /proc/PID/stat (all threads). */
static struct cpu server_cpu(void) {
  struct cpu sum = {0, 0};
  double tick = sysconf(_SC_CLK_TCK);
  for (int i = 0; i < option.pid_count; i++) {
    char name[64], text[1024];
    snprintf(name, sizeof name, "/proc/%d/stat", option.pids[i]);
    FILE *file = fopen(name, "r");
    if (!file) continue;
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    unsigned long user, system;
    const char *after_name = strrchr(text, ')');
    if (!after_name) continue;
    if (sscanf(after_name + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2) continue;
    sum.user += user / tick;
    sum.system += system / tick;
  }
  return sum;
}

static double server_rss_kb(void) {
  double sum = 0;
  for (int i = 0; i < option.pid_count; i++) {
    char name[64], line[256];
    snprintf(name, sizeof name, "/proc/%d/status", option.pids[i]);
    FILE *file = fopen(name, "r");
    if (!file) continue;
    while (fgets(line, sizeof line, file))
      if (!strncmp(line, "VmRSS:", 6)) sum += atof(line + 6);
    fclose(file);
  }
  return sum;
}

static double own_cpu(void) {
  struct rusage use;
  getrusage(RUSAGE_SELF, &use);
  return use.ru_utime.tv_sec + use.ru_stime.tv_sec + (use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
}

/* ---- bytes and frames ---- */

static void append(struct bytes *to, const void *from, size_t length) {
  if (to->length + length > to->capacity) {
    to->capacity = (to->length + length) * 2;
    to->at = realloc(to->at, to->capacity);
    if (!to->at) fail("out of memory");
  }
  memcpy(to->at + to->length, from, length);
  to->length += length;
}

static void watch(struct connection *c, uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = c};
  if (epoll_ctl(poller, EPOLL_CTL_MOD, c->fd, &event)) fail_errno("epoll_ctl");
}

static void send_bytes(struct connection *c, const void *from, size_t length) {
  if (c->fd < 0) return;
  if (c->unsent.length) return append(&c->unsent, from, length);
  ssize_t sent = send(c->fd, from, length, MSG_NOSIGNAL);
  if (sent == (ssize_t)length) return;
  if (sent < 0 && errno != EAGAIN) return; // closed: the read sees it
  if (sent < 0) sent = 0;
  append(&c->unsent, (const uint8_t *)from + sent, length - sent);
  watch(c, EPOLLIN | EPOLLOUT);
}

static void send_rest(struct connection *c) {
  ssize_t sent = send(c->fd, c->unsent.at, c->unsent.length, MSG_NOSIGNAL);
  if (sent <= 0) return;
  memmove(c->unsent.at, c->unsent.at + sent, c->unsent.length -= sent);
  if (!c->unsent.length) watch(c, EPOLLIN);
}

/** Appends one masked frame to `to`. */
static size_t put_frame(uint8_t *to, enum opcode opcode, const void *from, size_t length) {
  static const uint8_t mask[4] = {0x12, 0x34, 0x56, 0x78};
  size_t at = 0;
  to[at++] = 0x80 | opcode;
  if (length < 126) to[at++] = 0x80 | length;
  else {
    to[at++] = 0x80 | 126;
    to[at++] = length >> 8;
    to[at++] = length;
  }
  memcpy(to + at, mask, 4);
  at += 4;
  for (size_t i = 0; i < length; i++) to[at + i] = ((const uint8_t *)from)[i] ^ mask[i & 3];
  return at + length;
}

static void send_frame(struct connection *c, enum opcode opcode, const void *from, size_t length) {
  static uint8_t frame[70000];
  if (length > 65535) fail("a message of more than 65,535 bytes");
  send_bytes(c, frame, put_frame(frame, opcode, from, length));
}

/** @returns where the next mark ends, or NULL */
static const uint8_t *after_mark(const uint8_t *from, const uint8_t *end) {
  while ((from = memchr(from, MARK[0], end - from))) {
    if (end - from >= MARK_LENGTH && !memcmp(from, MARK, MARK_LENGTH)) return from + MARK_LENGTH;
    from++;
  }
  return NULL;
}

static void put_hex(char *to, uint64_t value, int digits) {
  for (int i = digits - 1; i >= 0; i--, value >>= 4) to[i] = "0123456789abcdef"[value & 15];
}

static uint64_t read_hex(const uint8_t *from, int digits) {
  uint64_t value = 0;
  for (int i = 0; i < digits; i++) value = value << 4 | ((from[i] & 15) + (from[i] >> 6) * 9);
  return value;
}

/* ---- MessagePack, as much as a client needs ---- */

static size_t pack_text(char *to, const char *text, size_t length) {
  size_t at = 0;
  if (length < 32) to[at++] = 0xa0 | length;
  else if (length < 256) to[at++] = 0xd9, to[at++] = length;
  else to[at++] = 0xda, to[at++] = length >> 8, to[at++] = length;
  memcpy(to + at, text, length);
  return at + length;
}

static size_t pack_word(char *to, const char *text) {
  return pack_text(to, text, strlen(text));
}

static size_t pack_uint32(char *to, uint32_t value) {
  to[0] = 0xce;
  for (int i = 0; i < 4; i++) to[1 + i] = value >> (24 - 8 * i);
  return 5;
}

/* ---- publications ---- */

/** An object of `payload` bytes as JSON: `k` (mark, time, sender), `seq`, `user`, `text`. The same object either way. */
static size_t put_payload(char *to, struct connection *c, uint64_t time, bool msgpack) {
  static uint32_t sequence;
  static char text[65536];
  char stamp[MARK_LENGTH + STAMP + 1] = MARK, user[16];
  put_hex(stamp + MARK_LENGTH, time, 16);
  put_hex(stamp + MARK_LENGTH + 16, c->index, 6);
  stamp[MARK_LENGTH + STAMP] = 0;
  snprintf(user, sizeof user, "u%d", 1000 + c->index % 1000);
  uint32_t number = 1000000 + sequence++ % 1000000;
  int head = snprintf(to, 256, "{\"k\":\"%s\",\"seq\":%u,\"user\":\"%s\",\"text\":\"", stamp, number, user);
  int rest = option.payload - head - 2;
  if (rest < 0) rest = 0;
  if (!text[0]) for (size_t i = 0; i < sizeof text; i++) text[i] = 'a' + i % 23;
  if (!msgpack) {
    memcpy(to + head, text, rest);
    memcpy(to + head + rest, "\"}", 2);
    return head + rest + 2;
  }
  size_t at = 0;
  to[at++] = 0x84;
  at += pack_word(to + at, "k");
  at += pack_text(to + at, stamp, MARK_LENGTH + STAMP);
  at += pack_word(to + at, "seq");
  at += pack_uint32(to + at, number);
  at += pack_word(to + at, "user");
  at += pack_word(to + at, user);
  at += pack_word(to + at, "text");
  return at + pack_text(to + at, text, rest);
}

static size_t put_room(char *to, int room) {
  return sprintf(to, "room%d", room);
}

/** `publish` to the room or, with --request, a `request`, in the native protocol of Carillon. */
static size_t put_carillon(uint8_t *to, struct connection *c, uint64_t time) {
  static char message[66000];
  char room[32];
  put_room(room, c->room);
  if (!c->msgpack) {
    size_t at = option.request
                    ? sprintf(message, "{\"type\":\"request\",\"ref\":1,\"event\":\"echo\",\"data\":")
                    : sprintf(message, "{\"type\":\"publish\",\"channel\":\"%s\",\"event\":\"m\",\"data\":", room);
    at += put_payload(message + at, c, time, false);
    message[at++] = '}';
    return put_frame(to, OP_TEXT, message, at);
  }
  size_t at = 0;
  message[at++] = 0x84;
  at += pack_word(message + at, "type");
  at += pack_word(message + at, option.request ? "request" : "publish");
  if (option.request) {
    at += pack_word(message + at, "ref");
    message[at++] = 1;
  } else {
    at += pack_word(message + at, "channel");
    at += pack_word(message + at, room);
  }
  at += pack_word(message + at, "event");
  at += pack_word(message + at, option.request ? "echo" : "m");
  at += pack_word(message + at, "data");
  at += put_payload(message + at, c, time, true);
  return put_frame(to, OP_BINARY, message, at);
}

static size_t put_publication(uint8_t *to, struct connection *c, uint64_t time) {
  static char payload[66000], message[66000];
  if (option.persona == CARILLON) return put_carillon(to, c, time);
  size_t length = put_payload(payload, c, time, false), at;
  char room[32];
  put_room(room, c->room);
  switch (option.persona) {
    case SOCKETIO:
      at = sprintf(message, option.request ? "421[\"echo\"," : "42[\"pub\",");
      memcpy(message + at, payload, length);
      message[at + length] = ']';
      return put_frame(to, OP_TEXT, message, at + length + 1);
    case NATS:
      at = sprintf(message, "PUB %s %zu\r\n", room, length);
      memcpy(message + at, payload, length);
      memcpy(message + at + length, "\r\n", 2);
      return put_frame(to, OP_BINARY, message, at + length + 2);
    default:
      return put_frame(to, OP_TEXT, payload, length);
  }
}

static void publish(struct connection *c, int count, uint64_t time) {
  static uint8_t frames[1 << 20];
  size_t length = 0;
  for (int i = 0; i < count; i++) length += put_publication(frames + length, c, time ? time : now());
  send_bytes(c, frames, length);
}

/* ---- opening and closing ---- */

static void close_connection(struct connection *c, bool reset) {
  struct linger at_once = {1, 0};
  if (reset) setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close(c->fd);
  c->fd = -1;
  c->state = CLOSED;
  c->partial.length = c->unsent.length = 0;
}

static void open_connection(struct connection *c) {
  int yes = 1;
  c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (c->fd < 0) fail_errno("socket (raise `ulimit -n`?)");
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
  // One address of the loopback network has ports for about 28,000 connections.
  struct sockaddr_in address = {.sin_family = AF_INET};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + c->index / 20000);
  if (bind(c->fd, (struct sockaddr *)&address, sizeof address)) fail_errno("bind");
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(option.port);
  c->state = CONNECTING;
  c->step = 0;
  c->opened_at = now();
  if (connect(c->fd, (struct sockaddr *)&address, sizeof address) && errno != EINPROGRESS) fail_errno("connect");
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data.ptr = c};
  if (epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &event)) fail_errno("epoll_ctl");
}

static void upgrade(struct connection *c) {
  char path[300], request[1200], room[32];
  const char *pattern = c->listens_at ? c->listens_at : option.path, *mark = strstr(pattern, "%r");
  put_room(room, c->room);
  if (mark) snprintf(path, sizeof path, "%.*s%s%s", (int)(mark - pattern), pattern, room, mark + 2);
  else snprintf(path, sizeof path, "%s", pattern);
  const char *subprotocol = option.persona != CARILLON || c->listens_at ? ""
                            : c->msgpack ? "Sec-WebSocket-Protocol: carillon.v1.msgpack\r\n"
                                         : "Sec-WebSocket-Protocol: carillon.v1.json\r\n";
  const char *extensions =
      option.deflate ? "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n" : "";
  int length = snprintf(request, sizeof request,
                        "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n%s%s\r\n",
                        path, option.port, subprotocol, extensions);
  c->state = UPGRADING;
  send_bytes(c, request, length);
}

static void become_ready(struct connection *c) {
  c->state = READY;
  total.ready++;
}

/* ---- what each persona says before it is ready ---- */

static void carillon_connect(struct connection *c) {
  static const char packed[] = "\x81\xa4type\xa7" "connect", text[] = "{\"type\":\"connect\"}";
  static const char resumable[] = "{\"type\":\"connect\",\"resume\":true}";
  if (c->msgpack) send_frame(c, OP_BINARY, packed, sizeof packed - 1);
  else if (option.resume) send_frame(c, OP_TEXT, resumable, sizeof resumable - 1);
  else send_frame(c, OP_TEXT, text, sizeof text - 1);
}

/** As a client should: the server keeps what is not acknowledged. */
static void acknowledge(struct connection *c) {
  char message[64];
  if (++c->told % 512 == 0) send_frame(c, OP_TEXT, message, sprintf(message, "{\"type\":\"ack\",\"received\":%d}", c->told));
}

static size_t put_subscribe(char *to, bool msgpack, const char *channel, int ref) {
  if (!msgpack) return sprintf(to, "{\"type\":\"subscribe\",\"ref\":%d,\"channel\":\"%s\"}", ref, channel);
  size_t at = 0;
  to[at++] = 0x83;
  at += pack_word(to + at, "type");
  at += pack_word(to + at, "subscribe");
  at += pack_word(to + at, "ref");
  at += pack_uint32(to + at, ref);
  at += pack_word(to + at, "channel");
  return at + pack_word(to + at, channel);
}

/** The connection's room and, before it, the channels of its own that nobody publishes to. */
static void carillon_subscribe(struct connection *c) {
  static char message[512];
  char channel[64];
  c->awaited = option.extra + 1;
  for (int i = 0; i <= option.extra; i++) {
    if (i == option.extra) put_room(channel, c->room);
    else sprintf(channel, "own-%d-%d", c->index, i);
    size_t length = put_subscribe(message, c->msgpack, channel, i);
    send_frame(c, c->msgpack ? OP_BINARY : OP_TEXT, message, length);
  }
}

static void greet(struct connection *c) {
  c->state = GREETING;
  if (c->listens_at) return;
  if (option.persona == PLAIN) become_ready(c);
  else if (option.persona == CARILLON) carillon_connect(c);
}

static bool holds(const uint8_t *from, size_t length, const char *text) {
  return memmem(from, length, text, strlen(text)) != NULL;
}

/** What is compressed is not read here: the next thing that is said is taken for the next thing that is awaited. */
static void greeted(struct connection *c, const uint8_t *from, size_t length, bool compressed) {
  char message[256], room[32];
  // The first thing that it is told.
  if (c->listens_at) return become_ready(c);
  put_room(room, c->room);
  switch (option.persona) {
    case CARILLON:
      if (!compressed && holds(from, length, "error")) {
        fprintf(stderr, "generator: refused: %.*s\n", (int)length, from);
        exit(1);
      }
      if (c->step == 0 && (compressed || holds(from, length, "connected"))) {
        c->step = 1;
        if (option.mode == ACCEPT) become_ready(c);
        else carillon_subscribe(c);
      } else if (c->step == 1 && (compressed || holds(from, length, "subscribed"))) {
        if (option.resume) acknowledge(c);
        if (--c->awaited == 0) become_ready(c);
      }
      return;
    case SOCKETIO:
      if (c->step == 0 && (compressed || from[0] == '0')) send_frame(c, OP_TEXT, "40", 2), c->step = 1;
      else if (c->step == 1 && (compressed || (length >= 2 && !memcmp(from, "40", 2)))) {
        c->step = 2;
        if (option.mode == ACCEPT) return become_ready(c);
        send_frame(c, OP_TEXT, message, sprintf(message, "420[\"join\",\"%s\"]", room));
      } else if (c->step == 2 && (compressed || (length >= 2 && !memcmp(from, "43", 2)))) become_ready(c);
      return;
    case NATS:
      if (c->step == 0 && holds(from, length, "INFO")) {
        c->step = 1;
        int at = sprintf(message, "CONNECT {\"verbose\":false,\"pedantic\":false}\r\n");
        if (option.mode != ACCEPT) at += sprintf(message + at, "SUB %s 1\r\n", room);
        at += sprintf(message + at, "PING\r\n");
        send_frame(c, OP_BINARY, message, at);
      } else if (holds(from, length, "PONG")) become_ready(c);
      return;
    default:
      return;
  }
}

/* ---- receiving ---- */

/** One mark: a delivery. Its time is read on a sample of the connections, because reading clocks costs as well. */
static void delivered(struct connection *c, const uint8_t *stamp, size_t length) {
  total.deliveries++;
  if (option.resume) acknowledge(c);
  if (length < STAMP) return;
  bool timed = measuring && (option.mode == PINGPONG || c->index % option.sample == 0);
  if (timed) {
    uint64_t sent = read_hex(stamp, 16), at = now();
    record(at > sent ? at - sent : 0);
  }
  if (option.mode != PINGPONG || !running) return;
  if (option.members == 1 || (int)read_hex(stamp + 16, 6) != c->index) {
    total.publications++;
    publish(c, 1, 0);
  }
}

#ifdef WITH_ZLIB
/** Inflates all that the first connection receives, and looks for the mark in publications. */
static void check_inflated(const uint8_t *from, size_t length, bool is_publication) {
  static z_stream stream;
  static bool begun;
  static uint8_t in[70000], out[200000];
  if (!begun) inflateInit2(&stream, -15), begun = true;
  if (length + 4 > sizeof in) return;
  memcpy(in, from, length);
  memcpy(in + length, "\0\0\xff\xff", 4);
  stream.next_in = in, stream.avail_in = length + 4;
  stream.next_out = out, stream.avail_out = sizeof out;
  int result = inflate(&stream, Z_SYNC_FLUSH);
  if (result != Z_OK && result != Z_BUF_ERROR) inflated_wrong = true;
  if (is_publication && !after_mark(out, stream.next_out)) inflated_wrong = true;
}
#endif

/** NATS writes a stream that it cuts into frames anywhere, so a mark may lie across two of them. */
static void join_cut_mark(struct connection *c, const uint8_t *from, size_t length) {
  size_t head = 0, tail = 0;
  while (head < length && head < MARK_LENGTH && from[head] == MARK[0]) head++;
  if (c->cut && c->cut + head == MARK_LENGTH) delivered(c, from + head, length - head);
  while (tail < length && tail < MARK_LENGTH && from[length - 1 - tail] == MARK[0]) tail++;
  c->cut = tail < MARK_LENGTH ? tail : 0;
}

static void receive_message(struct connection *c, const uint8_t *from, size_t length, bool compressed) {
  if (compressed) {
    total.compressed++;
#ifdef WITH_ZLIB
    if (c->index == 0) check_inflated(from, length, c->state == READY);
#endif
    if (c->state != READY) return greeted(c, from, length, true);
    total.deliveries++;
    return;
  }
  if (option.persona == SOCKETIO && length == 1 && from[0] == '2') return send_frame(c, OP_TEXT, "3", 1);
  // The rest of the frame may hold messages.
  if (option.persona == NATS && length >= 4 && !memcmp(from, "PING", 4)) send_frame(c, OP_BINARY, "PONG\r\n", 6);
  if (c->state != READY) return greeted(c, from, length, false);
  const uint8_t *end = from + length, *mark = after_mark(from, end);
  if (!mark && option.persona == CARILLON && !c->listens_at && holds(from, length, "error")) {
    if (!total.errors++) fprintf(stderr, "generator: first error: %.*s\n", (int)length, from);
  }
  if (!mark && option.persona == NATS && length >= 4 && !memcmp(from, "-ERR", 4)) total.errors++;
  if (mark && option.deflate) total.uncompressed++;
  if (option.persona == NATS) join_cut_mark(c, from, length);
  while (mark) {
    delivered(c, mark, end - mark);
    // Nothing but one publication per message, except where messages come in bundles; some languages say it twice.
    if (c->listens_at || option.persona == PLAIN || option.persona == SOCKETIO) break;
    mark = after_mark(mark, end);
  }
}

/** @returns the bytes that were whole frames */
static size_t receive_frames(struct connection *c, uint8_t *from, size_t length) {
  size_t at = 0;
  while (length - at >= 2) {
    const uint8_t *frame = from + at;
    uint64_t size = frame[1] & 127;
    size_t header = 2;
    if (size == 126) {
      if (length - at < 4) break;
      size = frame[2] << 8 | frame[3];
      header = 4;
    } else if (size == 127) {
      if (length - at < 10) break;
      size = 0;
      for (int i = 0; i < 8; i++) size = size << 8 | frame[2 + i];
      header = 10;
    }
    if (length - at < header + size) break;
    at += header + size;
    total.frames++;
    const uint8_t *body = frame + header;
    switch (frame[0] & 15) {
      case OP_PING: send_frame(c, OP_PONG, body, size); break;
      case OP_PONG: break;
      case OP_CLOSE:
        if (size >= 2)
          fprintf(stderr, "generator: closed by the server: %d %.*s\n", body[0] << 8 | body[1], (int)size - 2, body + 2);
        break;
      default: receive_message(c, body, size, frame[0] & 0x40);
    }
    if (c->fd < 0) break;
  }
  return at;
}

static void read_connection(struct connection *c) {
  size_t kept = c->partial.length;
  if (kept) memcpy(buffer, c->partial.at, kept);
  ssize_t got = recv(c->fd, buffer + kept, buffer_size - kept, 0);
  if (got < 0 && errno == EAGAIN) return;
  total.reads++;
  if (got <= 0) {
    if (c->state != READY) fprintf(stderr, "generator: closed during the handshake (step %d)\n", c->step);
    total.closed++;
    return close_connection(c, false);
  }
  total.received += got;
  size_t length = kept + got, at = 0;
  c->partial.length = 0;
  if (c->state == UPGRADING) {
    uint8_t *end = memmem(buffer, length, "\r\n\r\n", 4);
    if (!end) return append(&c->partial, buffer, length);
    if (memcmp(buffer, "HTTP/1.1 101", 12)) {
      fprintf(stderr, "generator: no upgrade: %.*s\n", (int)(length > 300 ? 300 : length), buffer);
      exit(1);
    }
    at = end + 4 - buffer;
    if (option.deflate && !holds(buffer, at, "permessage-deflate")) fail("the server does not compress");
    greet(c);
  }
  at += receive_frames(c, buffer + at, length - at);
  if (c->fd < 0) return;
  if (length - at == buffer_size) fail("a frame of more than 1 MiB");
  if (at < length) append(&c->partial, buffer + at, length - at);
}

static void connected(struct connection *c) {
  int error = 0;
  socklen_t length = sizeof error;
  getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &length);
  if (error) {
    errno = error;
    fail_errno("connect");
  }
  watch(c, EPOLLIN);
  upgrade(c);
}

static void poll_once(int64_t timeout_ns) {
  static struct epoll_event events[4096];
  struct timespec timeout = {timeout_ns / NS, timeout_ns % NS};
  int count = epoll_pwait2(poller, events, 4096, &timeout, NULL);
  if (count < 0 && errno != EINTR) fail_errno("epoll_pwait2");
  for (int i = 0; i < count; i++) {
    struct connection *c = events[i].data.ptr;
    if (c->fd < 0) continue;
    if (c->state == CONNECTING) {
      connected(c);
      continue;
    }
    if (events[i].events & EPOLLOUT && c->unsent.length) send_rest(c);
    if (events[i].events & ~EPOLLOUT) read_connection(c);
  }
}

static void poll_for(double seconds) {
  uint64_t end = now() + seconds * NS;
  for (uint64_t t; (t = now()) < end;) poll_once(end - t < 50000000 ? end - t : 50000000);
}

/** Opens all connections, `slots` of them at a time. */
static void open_all(void) {
  int opened = 0, last = -1;
  uint64_t last_at = now();
  while (total.ready < connection_count) {
    while (opened < connection_count && opened - total.ready < option.slots) open_connection(&connections[opened++]);
    poll_once(100000000);
    if (total.ready != last) last = total.ready, last_at = now();
    else if (now() - last_at > 10 * NS) {
      fprintf(stderr, "generator: stuck with %d of %d connections ready\n", total.ready, connection_count);
      exit(1);
    }
  }
}

/* ---- the work ---- */

/** What the counters said when the measured part began. */
static struct {
  uint64_t at, deliveries, publications, frames, reads, received;
  struct cpu cpu;
  double own;
} start;

static void begin_measuring(void) {
  measuring = true;
  start.at = now();
  start.deliveries = total.deliveries;
  start.publications = total.publications;
  start.frames = total.frames;
  start.reads = total.reads;
  start.received = total.received;
  start.cpu = server_cpu();
  start.own = own_cpu();
}

/** The figures that all modes have, measured now; `count` is what the CPU is divided by. The line is left open. */
static void print_figures(const char *mode, uint64_t count) {
  double seconds = (now() - start.at) / 1e9, own = (own_cpu() - start.own) / seconds;
  struct cpu cpu = server_cpu();
  double user = cpu.user - start.cpu.user, system = cpu.system - start.cpu.system;
  double each = count ? 1e6 / count : 0;
  printf("{\"mode\":\"%s\",\"connections\":%d,\"seconds\":%.3f,\"count\":%lu,\"rate\":%.0f,"
         "\"cpuUs\":%.4f,\"cpuUserUs\":%.4f,\"cpuSystemUs\":%.4f,\"serverCpuSeconds\":{\"user\":%.2f,\"system\":%.2f},"
         "\"serverShare\":%.3f,\"generatorShare\":%.3f,\"limited\":%s,\"rssKb\":%.0f,"
         "\"p50Us\":%.1f,\"p99Us\":%.1f,\"p999Us\":%.1f,\"errors\":%lu,\"closed\":%lu",
         mode, connection_count, seconds, count, count / seconds, (user + system) * each, user * each, system * each,
         user, system, (user + system) / seconds, own, own > 0.95 ? "true" : "false", server_rss_kb(), percentile(0.5),
         percentile(0.99), percentile(0.999), total.errors, total.closed);
}

/** Publishes as much as window or rate allow. @returns how long to wait at most, in ns */
static int64_t publish_due(uint64_t *next) {
  int rooms = option.rooms;
  uint64_t t = now();
  if (option.rate > 0) {
    uint64_t period = NS / option.rate;
    for (; *next <= t; *next += period * option.burst) {
      uint64_t waiting = total.publications - total.deliveries / option.members;
      if (waiting > 2000) {
        total.skipped += option.burst;
        continue;
      }
      // The time it was due, not the time it was sent: a late generator must not hide a late server.
      publish(&connections[total.publications / option.burst % rooms], option.burst, *next);
      total.publications += option.burst;
    }
    t = now();
    return *next <= t ? 0 : *next - t < 20000000 ? *next - t : 20000000;
  }
  while ((int64_t)(total.publications - total.deliveries / option.members) <= option.window - option.burst) {
    publish(&connections[total.publications / option.burst % rooms], option.burst, 0);
    total.publications += option.burst;
  }
  return 20000000;
}

/** What was published reaches everyone, or not within two seconds. */
static bool drained(void) {
  uint64_t expected = total.publications * option.members, deadline = now() + 2 * NS;
  while (total.deliveries < expected && now() < deadline) poll_once(20000000);
  poll_for(0.05); // more than expected would be wrong as well
  return total.deliveries == expected;
}

static int run_fan(void) {
  open_all();
  double rss = server_rss_kb();
  poll_for(0.3);
  uint64_t begin = now(), measure_at = begin + option.warmup * NS, end = measure_at + option.seconds * NS;
  uint64_t next = begin, last = 0, last_at = begin;
  bool stalled = false;
  running = true;
  if (option.mode == PINGPONG) {
    for (int i = 0; i < option.rooms; i++) publish(&connections[i], 1, 0);
    total.publications = option.rooms;
  }
  for (uint64_t t; (t = now()) < end;) {
    if (!measuring && t >= measure_at) begin_measuring();
    int64_t timeout = option.mode == FAN ? publish_due(&next) : 20000000;
    if (total.deliveries != last) last = total.deliveries, last_at = t;
    else if (t - last_at > 3 * NS + (option.rate > 0 ? 2 * NS / option.rate : 0)) {
      fprintf(stderr, "generator: stalled: %lu publications, %lu deliveries\n", total.publications, total.deliveries);
      stalled = true;
      break;
    }
    poll_once(timeout);
  }
  running = false;
  if (!measuring) begin_measuring();
  uint64_t frames = total.frames - start.frames, reads = total.reads - start.reads;
  double megabytes = (total.received - start.received) / 1e6;
  print_figures(option.mode == FAN ? "fan" : "pp", total.deliveries - start.deliveries);
  double seconds = (now() - start.at) / 1e9;
  bool complete = drained();
  printf(",\"publications\":%lu,\"framesPerRead\":%.2f,\"megabytesPerSecond\":%.1f,\"rssConnectedKb\":%.0f,"
         "\"compressedFrames\":%lu,\"uncompressedDeliveries\":%lu,\"inflatedWrong\":%s,\"skipped\":%lu,\"stalled\":%s,"
         "\"total\":{\"publications\":%lu,\"deliveries\":%lu,\"complete\":%s}}\n",
         total.publications - start.publications, reads ? (double)frames / reads : 0, megabytes / seconds, rss,
         total.compressed, total.uncompressed, inflated_wrong ? "true" : "false", total.skipped,
         stalled ? "true" : "false", total.publications, total.deliveries, complete ? "true" : "false");
  return stalled || total.errors || inflated_wrong || !complete;
}

static int run_idle(void) {
  double before = server_rss_kb();
  begin_measuring();
  open_all();
  print_figures("idle", connection_count);
  for (int i = 0; option.touch && i < option.rooms; i++) publish(&connections[i], 1, 0);
  poll_for(option.seconds);
  double after = server_rss_kb();
  printf(",\"rssBeforeKb\":%.0f,\"rssAfterKb\":%.0f,\"kbPerConnection\":%.3f}\n", before, after,
         (after - before) / connection_count);
  return total.closed > 0;
}

static int run_accept(void) {
  uint64_t begin = now(), measure_at = begin + option.warmup * NS, end = measure_at + option.seconds * NS;
  uint64_t accepted = 0, counted_from = 0;
  for (int i = 0; i < connection_count; i++) open_connection(&connections[i]);
  for (uint64_t t; (t = now()) < end;) {
    if (!measuring && t >= measure_at) begin_measuring(), counted_from = accepted;
    poll_once(50000000);
    for (int i = 0; i < connection_count; i++) {
      struct connection *c = &connections[i];
      if (c->state == READY) {
        if (measuring) record(now() - c->opened_at);
        close_connection(c, true);
        accepted++;
      }
      if (c->state == CLOSED) open_connection(c);
    }
  }
  if (!measuring) begin_measuring();
  print_figures("accept", accepted - counted_from);
  printf("}\n");
  return accepted == 0;
}

/* ---- the command line ---- */

static const char help[] =
    "usage: generator --port N [options]\n"
    "\n"
    "  --mode fan|pp|idle|accept   fan: publish to rooms; pp: every room has one ball, members answer each other (1 member:\n"
    "                              echo); idle: connect and wait; accept: connect, reset, again   (fan)\n"
    "  --persona plain|carillon-json|carillon-msgpack|carillon-mixed|socketio|nats                (plain)\n"
    "  --path PATH                 %r stands for the room     (/r/%r, /carillon, /socket.io/..., /)\n"
    "  --pids N,N                  processes whose CPU and memory are the server's\n"
    "  -R, --rooms N        (1)    -M, --members N   (1000)\n"
    "  -W, --window N       (1)    publications in flight;  -B, --burst N (1): published in one write\n"
    "  -r, --rate N                publications per second instead of a window\n"
    "  --payload BYTES    (128)    --warmup SECONDS (1)   --seconds SECONDS (4)\n"
    "  --slots N           (64)    connections that may be opening at once; in accept: all there are\n"
    "  --extra N            (0)    carillon: further channels that each connection subscribes to\n"
    "  --listen PATH,PATH          all but the first connection listen there, in turn, and are ready when they are told something\n"
    "  --sample N           (4)    every Nth connection reads the latency\n"
    "  --request                   pp: ask instead of publishing (carillon, socketio)\n"
    "  --resume                    carillon-json: a session that outlives its link, acknowledged as a client should\n"
    "  --touch                     idle: one publication to everybody before it is quiet\n"
    "  --deflate                   offer permessage-deflate, and fail without it\n";

static double number_of(const char *name, const char *value, double least, double most) {
  char *end;
  double number = strtod(value, &end);
  if (end == value || *end || !(number >= least && number <= most)) misused(name, value);
  return number;
}

static void read_persona(const char *name) {
  static const struct {
    const char *name;
    enum persona persona;
    int msgpack;
    const char *path;
  } personas[] = {
      {"plain", PLAIN, 0, "/r/%r"},
      {"carillon-json", CARILLON, 0, "/carillon"},
      {"carillon-msgpack", CARILLON, 1, "/carillon"},
      {"carillon-mixed", CARILLON, 2, "/carillon"},
      {"socketio", SOCKETIO, 0, "/socket.io/?EIO=4&transport=websocket"},
      {"nats", NATS, 0, "/"},
  };
  for (size_t i = 0; i < sizeof personas / sizeof *personas; i++) {
    if (strcmp(personas[i].name, name)) continue;
    option.persona = personas[i].persona;
    option.msgpack = personas[i].msgpack;
    if (!option.path) option.path = personas[i].path;
    return;
  }
  misused("--persona", name);
}

static void read_mode(const char *name) {
  static const char *const names[] = {"fan", "pp", "idle", "accept"};
  for (int i = 0; i < 4; i++) {
    if (strcmp(names[i], name)) continue;
    option.mode = i;
    return;
  }
  misused("--mode", name);
}

static void read_options(int count, char **words) {
  enum { MODE = 256, PERSONA, PATH, PIDS, PORT, PAYLOAD, WARMUP, SECONDS, SLOTS, EXTRA, SAMPLE, REQUEST, RESUME, TOUCH, DEFLATE,
         LISTEN, HELP };
  static const struct option known[] = {
      {"mode", 1, 0, MODE},       {"persona", 1, 0, PERSONA}, {"path", 1, 0, PATH},       {"pids", 1, 0, PIDS},
      {"port", 1, 0, PORT},       {"rooms", 1, 0, 'R'},       {"members", 1, 0, 'M'},     {"window", 1, 0, 'W'},
      {"burst", 1, 0, 'B'},       {"rate", 1, 0, 'r'},        {"payload", 1, 0, PAYLOAD}, {"warmup", 1, 0, WARMUP},
      {"seconds", 1, 0, SECONDS}, {"slots", 1, 0, SLOTS},     {"extra", 1, 0, EXTRA},     {"sample", 1, 0, SAMPLE},
      {"request", 0, 0, REQUEST}, {"resume", 0, 0, RESUME},   {"touch", 0, 0, TOUCH},     {"deflate", 0, 0, DEFLATE}, {"listen", 1, 0, LISTEN}, {"help", 0, 0, HELP},
      {0, 0, 0, 0},
  };
  const char *persona = "plain";
  for (int key; (key = getopt_long(count, words, "R:M:W:B:r:", known, NULL)) != -1;) {
    switch (key) {
      case MODE: read_mode(optarg); break;
      case PERSONA: persona = optarg; break;
      case PATH: option.path = optarg; break;
      case PIDS:
        for (char *word = strtok(optarg, ","); word && option.pid_count < 64; word = strtok(NULL, ","))
          option.pids[option.pid_count++] = number_of("--pids", word, 1, 1 << 30);
        break;
      case PORT: option.port = number_of("--port", optarg, 1, 65535); break;
      case 'R': option.rooms = number_of("--rooms", optarg, 1, 1000000); break;
      case 'M': option.members = number_of("--members", optarg, 1, 1000000); break;
      case 'W': option.window = number_of("--window", optarg, 1, 100000); break;
      case 'B': option.burst = number_of("--burst", optarg, 1, 256); break;
      case 'r': option.rate = number_of("--rate", optarg, 0.1, 1000000); break;
      case PAYLOAD: option.payload = number_of("--payload", optarg, 80, 3500); break;
      case WARMUP: option.warmup = number_of("--warmup", optarg, 0, 60); break;
      case SECONDS: option.seconds = number_of("--seconds", optarg, 0.1, 600); break;
      case SLOTS: option.slots = number_of("--slots", optarg, 1, 4096); break;
      case EXTRA: option.extra = number_of("--extra", optarg, 0, 100000); break;
      case SAMPLE: option.sample = number_of("--sample", optarg, 1, 1000000); break;
      case REQUEST: option.request = true; break;
      case RESUME: option.resume = true; break;
      case TOUCH: option.touch = true; break;
      case DEFLATE: option.deflate = true; break;
      case LISTEN:
        for (char *word = strtok(optarg, ","); word && option.listen_count < 16; word = strtok(NULL, ","))
          option.listen[option.listen_count++] = word;
        break;
      case HELP: fputs(help, stdout); exit(0);
      default: exit(2);
    }
  }
  if (optind < count) misused("unknown word", words[optind]);
  read_persona(persona);
  if (option.window < option.burst) option.window = option.burst;
  if (option.request && (option.mode != PINGPONG || option.members != 1 ||
                         (option.persona != CARILLON && option.persona != SOCKETIO)))
    misused("--request needs --mode pp, --members 1 and a persona that can ask", persona);
  if (option.extra && option.persona != CARILLON) misused("--extra is Carillon's", persona);
  if (option.resume && (option.persona != CARILLON || option.msgpack)) misused("--resume is carillon-json's", persona);
  if (option.listen_count && (option.mode != FAN || option.rooms != 1 || option.deflate || option.extra || option.resume))
    misused("--listen needs --mode fan and one room", option.listen[0]);
  if (option.deflate && option.mode == PINGPONG) misused("--deflate cannot read the ball", "pp");
}

int main(int count, char **words) {
  signal(SIGPIPE, SIG_IGN);
  read_options(count, words);
  connection_count = option.mode == ACCEPT ? option.slots : option.rooms * option.members;
  buffer = malloc(buffer_size);
  connections = calloc(connection_count, sizeof *connections);
  if (!buffer || !connections) fail("out of memory");
  poller = epoll_create1(EPOLL_CLOEXEC);
  for (int i = 0; i < connection_count; i++) {
    bool msgpack = option.msgpack == 1 || (option.msgpack == 2 && i & 1);
    const char *path = i && option.listen_count ? option.listen[(i - 1) % option.listen_count] : NULL;
    connections[i] =
        (struct connection){.fd = -1, .index = i, .room = i % option.rooms, .msgpack = msgpack, .listens_at = path};
  }
  switch (option.mode) {
    case IDLE: return run_idle();
    case ACCEPT: return run_accept();
    default: return run_fan();
  }
}
