/*
 * The floor: what a WebSocket room server costs at least. One thread, one epoll, and one write per socket per loop turn.
 *
 *   cc -O2 -o floor floor.c && ./floor PORT [BYTES]
 *
 * With BYTES, shorter payloads are filled up with spaces, for the comparison with a server whose messages say more.
 *
 * It trusts its clients: no checks of UTF-8, masks or sizes, no fragments, no pings.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct bytes {
  uint8_t *at;
  size_t length, capacity;
};

struct member {
  int fd;
  struct room *room;
  int place;
  struct bytes partial, unsent;
};

struct room {
  char name[64];
  struct member **members;
  int count, capacity;
  /** The frames of this turn, for everyone. */
  struct bytes pending;
  struct room *next_in_bucket, *next_dirty;
  bool dirty;
};

static struct room *buckets[65536], *dirty_rooms;
static int poller;
static size_t least_bytes;
static uint8_t buffer[1 << 18];

static void append(struct bytes *to, const void *from, size_t length) {
  if (to->length + length > to->capacity) {
    to->capacity = (to->length + length) * 2;
    to->at = realloc(to->at, to->capacity);
    if (!to->at) exit(1);
  }
  memcpy(to->at + to->length, from, length);
  to->length += length;
}

/* ---- Sec-WebSocket-Accept: SHA-1 (FIPS 180-4) and base64 ---- */

static uint32_t rotate(uint32_t x, int n) {
  return x << n | x >> (32 - n);
}

static void sha1_block(uint32_t h[5], const uint8_t *block) {
  uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
  for (int i = 0; i < 80; i++) {
    if (i < 16) w[i] = (uint32_t)block[i * 4] << 24 | block[i * 4 + 1] << 16 | block[i * 4 + 2] << 8 | block[i * 4 + 3];
    else w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    uint32_t f = i < 20 ? (b & c) | (~b & d) : i < 40 || i >= 60 ? b ^ c ^ d : (b & c) | (b & d) | (c & d);
    uint32_t k = i < 20 ? 0x5a827999 : i < 40 ? 0x6ed9eba1 : i < 60 ? 0x8f1bbcdc : 0xca62c1d6;
    uint32_t next = rotate(a, 5) + f + e + k + w[i];
    e = d, d = c, c = rotate(b, 30), b = a, a = next;
  }
  h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e;
}

/** For texts of up to 119 bytes. */
static void sha1(const char *text, uint8_t digest[20]) {
  uint32_t h[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  uint8_t padded[128] = {0};
  size_t length = strlen(text), blocks = (length + 9 + 63) / 64;
  memcpy(padded, text, length);
  padded[length] = 0x80;
  padded[blocks * 64 - 1] = length * 8;
  padded[blocks * 64 - 2] = length * 8 >> 8;
  for (size_t i = 0; i < blocks; i++) sha1_block(h, padded + i * 64);
  for (int i = 0; i < 20; i++) digest[i] = h[i / 4] >> (24 - 8 * (i % 4));
}

static void base64(const uint8_t *from, int length, char *to) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (int i = 0; i < length; i += 3) {
    uint32_t group = from[i] << 16 | (i + 1 < length ? from[i + 1] << 8 : 0) | (i + 2 < length ? from[i + 2] : 0);
    *to++ = digits[group >> 18];
    *to++ = digits[group >> 12 & 63];
    *to++ = i + 1 < length ? digits[group >> 6 & 63] : '=';
    *to++ = i + 2 < length ? digits[group & 63] : '=';
  }
  *to = 0;
}

/* ---- rooms ---- */

static struct room *room_of(const char *name, size_t length) {
  uint32_t hash = 2166136261u;
  if (length > 63) length = 63;
  for (size_t i = 0; i < length; i++) hash = (hash ^ (uint8_t)name[i]) * 16777619;
  struct room **bucket = &buckets[hash & 65535];
  for (struct room *room = *bucket; room; room = room->next_in_bucket)
    if (!strncmp(room->name, name, length) && !room->name[length]) return room;
  struct room *room = calloc(1, sizeof *room);
  memcpy(room->name, name, length);
  room->next_in_bucket = *bucket;
  return *bucket = room;
}

static void join(struct member *m, struct room *room) {
  if (room->count == room->capacity) {
    room->capacity = room->capacity ? room->capacity * 2 : 4;
    room->members = realloc(room->members, room->capacity * sizeof *room->members);
  }
  m->room = room;
  m->place = room->count;
  room->members[room->count++] = m;
}

static void drop(struct member *m) {
  if (m->room) {
    struct member *last = m->room->members[--m->room->count];
    m->room->members[m->place] = last;
    last->place = m->place;
  }
  close(m->fd);
  free(m->partial.at);
  free(m->unsent.at);
  free(m);
}

/* ---- writing ---- */

static void watch(struct member *m, uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = m};
  epoll_ctl(poller, EPOLL_CTL_MOD, m->fd, &event);
}

static void write_bytes(struct member *m, const uint8_t *from, size_t length) {
  if (m->unsent.length) return append(&m->unsent, from, length);
  ssize_t sent = send(m->fd, from, length, MSG_NOSIGNAL);
  if (sent == (ssize_t)length || (sent < 0 && errno != EAGAIN)) return;
  if (sent < 0) sent = 0;
  append(&m->unsent, from + sent, length - sent);
  watch(m, EPOLLIN | EPOLLOUT);
}

static void write_rest(struct member *m) {
  ssize_t sent = send(m->fd, m->unsent.at, m->unsent.length, MSG_NOSIGNAL);
  if (sent <= 0) return;
  memmove(m->unsent.at, m->unsent.at + sent, m->unsent.length -= sent);
  if (!m->unsent.length) watch(m, EPOLLIN);
}

static void flush(void) {
  for (struct room *room = dirty_rooms; room; room = room->next_dirty) {
    for (int i = 0; i < room->count; i++) write_bytes(room->members[i], room->pending.at, room->pending.length);
    room->pending.length = 0;
    room->dirty = false;
  }
  dirty_rooms = NULL;
}

static void publish(struct room *room, int opcode, const uint8_t *from, size_t length) {
  size_t total = length < least_bytes ? least_bytes : length;
  uint8_t header[4] = {0x80 | opcode, total < 126 ? total : 126, total >> 8, total};
  append(&room->pending, header, total < 126 ? 2 : 4);
  append(&room->pending, from, length);
  for (; length < total; length++) append(&room->pending, " ", 1);
  if (room->dirty) return;
  room->dirty = true;
  room->next_dirty = dirty_rooms;
  dirty_rooms = room;
}

/* ---- reading ---- */

/** @returns the bytes of the request, 0 when it is not whole yet, -1 when it is none */
static ssize_t shake_hands(struct member *m, size_t length) {
  buffer[length] = 0;
  char *text = (char *)buffer, *end = strstr(text, "\r\n\r\n");
  if (!end) return 0;
  char *key = strcasestr(text, "sec-websocket-key:");
  if (!key || strncmp(text, "GET ", 4)) return -1;
  key += strlen("sec-websocket-key:");
  key += strspn(key, " ");
  char secret[128], accept[40], answer[256];
  uint8_t digest[20];
  snprintf(secret, sizeof secret, "%.*s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", (int)strcspn(key, "\r "), key);
  sha1(secret, digest);
  base64(digest, sizeof digest, accept);
  int size = snprintf(answer, sizeof answer,
                      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                      "Sec-WebSocket-Accept: %s\r\n\r\n", accept);
  write_bytes(m, (uint8_t *)answer, size);
  join(m, room_of(text + 4, strcspn(text + 4, " ")));
  return end + 4 - text;
}

static void read_member(struct member *m) {
  size_t kept = m->partial.length;
  if (kept) memcpy(buffer, m->partial.at, kept);
  ssize_t got = recv(m->fd, buffer + kept, sizeof buffer - kept - 1, 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) return drop(m);
  size_t length = kept + got, at = 0;
  m->partial.length = 0;
  if (!m->room) {
    ssize_t taken = shake_hands(m, length);
    if (taken < 0) return drop(m);
    if (taken == 0) return append(&m->partial, buffer, length);
    at = taken;
  }
  while (length - at >= 6) {
    uint8_t *frame = buffer + at;
    size_t size = frame[1] & 127, header = 6;
    if (size == 126) {
      if (length - at < 8) break;
      size = frame[2] << 8 | frame[3];
      header = 8;
    }
    if (length - at < header + size) break;
    uint8_t *body = frame + header, *mask = body - 4;
    for (size_t i = 0; i < size; i++) body[i] ^= mask[i & 3];
    at += header + size;
    int opcode = frame[0] & 15;
    if (opcode == 8) return drop(m);
    if (opcode == 1 || opcode == 2) publish(m->room, opcode, body, size);
  }
  if (at < length) append(&m->partial, buffer + at, length - at);
}

static void accept_all(int listener) {
  int yes = 1;
  for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
    struct member *m = calloc(1, sizeof *m);
    m->fd = fd;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = m};
    epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
  }
}

int main(int count, char **words) {
  if (count != 2 && count != 3) return fprintf(stderr, "usage: floor PORT [BYTES]\n"), 2;
  if (count == 3) least_bytes = atoi(words[2]);
  signal(SIGPIPE, SIG_IGN);
  alarm(15 * 60); // nothing is left behind
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), yes = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(words[1]))};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096)) return perror("bind"), 1;
  poller = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
  epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
  for (;;) {
    static struct epoll_event events[1024];
    int ready = epoll_wait(poller, events, 1024, -1);
    for (int i = 0; i < ready; i++) {
      struct member *m = events[i].data.ptr;
      if (!m) accept_all(listener);
      else {
        if (events[i].events & EPOLLOUT && m->unsent.length) write_rest(m);
        if (events[i].events & ~EPOLLOUT) read_member(m);
      }
    }
    flush();
  }
}
