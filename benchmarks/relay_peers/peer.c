/* Both ends of the relay benchmark, in C so that they cost little beside what stands between them.
 *
 *   peer serve PORT                            a WebSocket server; answers each binary message with
 *                                              a GraphBinary response (status 200) to its request id
 *   peer load PORT CONNECTIONS BYTES SECONDS   asks on each connection for answers of BYTES, one at
 *                                              a time; prints round trips, seconds and latencies
 *   peer ask PORT CONNECTIONS FILE SECONDS RATE
 *                                              sends the GraphBinary request in FILE on each, again when
 *                                              it is answered, or so often a second that all together
 *                                              make RATE; prints the same
 *   peer idle PORT CONNECTIONS                 opens connections and holds them until stdin ends
 *
 * A request is a GraphBinary request message whose last four bytes are the size of the answer.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define MIME "application/vnd.graphbinary-v1.0"
#define HEAD (1 + sizeof MIME - 1 + 1) /* length of the mime type, the type, the version byte */
#define REQUEST 160
#define LARGEST (4 * 1024 * 1024)
#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

static void die(const char *what) { perror(what); exit(1); }

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

/* SHA-1 of a short text (RFC 3174), for the handshake. */
static uint32_t rotated(uint32_t x, int n) { return x << n | x >> (32 - n); }

static void sha1(const char *text, unsigned char out[20]) {
    uint32_t h[5] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0}, w[80];
    size_t size = strlen(text), padded = (size + 8) / 64 * 64 + 64;
    unsigned char data[256] = {0};
    memcpy(data, text, size);
    data[size] = 0x80;
    for (int i = 0; i < 8; i++) data[padded - 1 - i] = (unsigned char)((uint64_t)size * 8 >> 8 * i);
    for (size_t block = 0; block < padded; block += 64) {
        for (int i = 0; i < 16; i++) {
            const unsigned char *p = data + block + 4 * i;
            w[i] = (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
        }
        for (int i = 16; i < 80; i++) w[i] = rotated(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
        uint32_t a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
        for (int i = 0; i < 80; i++) {
            uint32_t f = i < 20 ? (b & c) | (~b & d) : i < 40 ? b ^ c ^ d
                       : i < 60 ? (b & c) | (b & d) | (c & d) : b ^ c ^ d;
            uint32_t k = i < 20 ? 0x5A827999 : i < 40 ? 0x6ED9EBA1 : i < 60 ? 0x8F1BBCDC : 0xCA62C1D6;
            uint32_t t = rotated(a, 5) + f + e + k + w[i];
            e = d; d = c; c = rotated(b, 30); b = a; a = t;
        }
        h[0] += a; h[1] += b; h[2] += c; h[3] += d; h[4] += e;
    }
    for (int i = 0; i < 20; i++) out[i] = (unsigned char)(h[i / 4] >> (24 - 8 * (i % 4)));
}

static void base64(const unsigned char *in, int size, char *out) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int i = 0; i < size; i += 3) {
        uint32_t v = in[i] << 16 | (i + 1 < size ? in[i + 1] << 8 : 0) | (i + 2 < size ? in[i + 2] : 0);
        for (int j = 0; j < 4; j++) *out++ = i + j > size ? '=' : digits[v >> (18 - 6 * j) & 63];
    }
    *out = 0;
}

/* A connection; `out` is what has still to be written, `size` the answer that is asked for. */
struct peer {
    int fd, open, got;
    unsigned char in[4096];
    const unsigned char *out;
    size_t left, expected;
    unsigned char *own;
    double sent;
};

static int events;

static void watch(struct peer *p, int operation, uint32_t mask) {
    struct epoll_event e = {.events = mask, .data.ptr = p};
    if (epoll_ctl(events, operation, p->fd, &e)) die("epoll_ctl");
}

/* Write what is left; ask to be told when there is room again. */
static int flush_out(struct peer *p) {
    while (p->left) {
        ssize_t n = write(p->fd, p->out, p->left);
        if (n < 0) {
            if (errno != EAGAIN) return -1;
            watch(p, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
            return 0;
        }
        p->out += n;
        p->left -= (size_t)n;
    }
    return 0;
}

static struct peer *new_peer(int fd) {
    struct peer *p = calloc(1, sizeof *p);
    int one = 1;
    p->fd = fd;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return p;
}

static size_t answer_head(unsigned char *to, size_t payload) {
    to[0] = 0x82;
    if (payload < 126) { to[1] = (unsigned char)payload; return 2; }
    if (payload < 65536) { to[1] = 126; to[2] = payload >> 8; to[3] = payload & 255; return 4; }
    to[1] = 127;
    for (int i = 0; i < 8; i++) to[2 + i] = (unsigned char)((uint64_t)payload >> (56 - 8 * i));
    return 10;
}

static int answer(struct peer *p) {
    unsigned char *in = p->in;
    if (!p->open) {
        in[p->got] = 0;
        char *end = strstr((char *)in, "\r\n\r\n"), *key = strcasestr((char *)in, "sec-websocket-key:");
        if (!end) return 0;
        if (!key) return -1;
        char text[128], accept[64], head[256];
        unsigned char digest[20];
        if (sscanf(key + 18, " %60s", text) != 1) return -1;
        strcat(text, GUID);
        sha1(text, digest);
        base64(digest, 20, accept);
        int n = snprintf(head, sizeof head, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                         "Connection: upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n", accept);
        if (write(p->fd, head, (size_t)n) != n) return -1;
        p->open = 1;
        p->got = 0;
        return 0;
    }
    while (p->got >= 2) {
        int payload = in[1] & 127, start = 6;
        if (payload == 126) {
            if (p->got < 8) return 0;
            payload = in[2] << 8 | in[3];
            start = 8;
        }
        if (p->got < start + payload) return 0;
        if ((in[0] & 15) == 8) return -1;
        unsigned char *mask = in + start - 4, *body = in + start;
        unsigned char id[16];
        uint32_t size = 0;
        for (int i = 0; i < 16; i++) id[i] = body[HEAD + i] ^ mask[(HEAD + i) % 4];
        for (int i = payload - 4; i < payload; i++) size = size << 8 | (body[i] ^ mask[i % 4]);
        if (size < 64 || size > LARGEST) return -1;
        if (!p->own) p->own = calloc(1, LARGEST + 16);
        size_t n = answer_head(p->own, size);
        p->own[n] = 0x81;
        memcpy(p->own + n + 2, id, 16);
        memcpy(p->own + n + 18, "\0\0\0\xC8", 4);
        p->out = p->own;
        p->left = n + size;
        memmove(in, in + start + payload, (size_t)(p->got - start - payload));
        p->got -= start + payload;
        if (flush_out(p)) return -1;
    }
    return 0;
}

static int listening(int port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&a, sizeof a) || listen(fd, 4096)) die("listen");
    return fd;
}

static _Noreturn void serve(int port) {
    struct peer *door = new_peer(listening(port));
    watch(door, EPOLL_CTL_ADD, EPOLLIN);
    puts("ready");
    fflush(stdout);
    for (;;) {
        struct epoll_event some[256];
        int n = epoll_wait(events, some, 256, -1);
        for (int i = 0; i < n; i++) {
            struct peer *p = some[i].data.ptr;
            if (p == door) {
                int fd = accept4(door->fd, NULL, NULL, SOCK_NONBLOCK);
                if (fd >= 0) watch(new_peer(fd), EPOLL_CTL_ADD, EPOLLIN);
                continue;
            }
            int bad = 0;
            if (some[i].events & EPOLLOUT) {
                bad = flush_out(p);
                if (!p->left) watch(p, EPOLL_CTL_MOD, EPOLLIN);
            }
            if (!bad && some[i].events & ~(uint32_t)EPOLLOUT) {
                ssize_t got = read(p->fd, p->in + p->got, sizeof p->in - 1 - (size_t)p->got);
                if (got > 0) p->got += (int)got;
                bad = got == 0 || (got < 0 && errno != EAGAIN) || (got > 0 && answer(p));
            }
            if (bad) {
                close(p->fd);
                free(p->own);
                free(p);
            }
        }
    }
}

static struct peer *connected(int port) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    static const char hello[] = "GET /gremlin HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    char head[4096];
    int got = 0;
    if (connect(fd, (struct sockaddr *)&a, sizeof a)) die("connect");
    if (write(fd, hello, sizeof hello - 1) < 0) die("handshake");
    do {
        ssize_t n = read(fd, head + got, sizeof head - 1 - (size_t)got);
        if (n <= 0) die("handshake");
        got += (int)n;
        head[got] = 0;
    } while (!strstr(head, "\r\n\r\n"));
    if (strncmp(head, "HTTP/1.1 101", 12)) { fputs(head, stderr); exit(1); }
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return new_peer(fd);
}

static int by_size(const void *a, const void *b) {
    float d = *(const float *)a - *(const float *)b;
    return d > 0 ? 1 : d < 0 ? -1 : 0;
}

static int load(int port, int connections, uint32_t bytes, double seconds) {
    unsigned char frame[REQUEST + 8] = {0x82, 0x80 | 126, 0, REQUEST, 0x12, 0x34, 0x56, 0x78};
    unsigned char *body = frame + 8, *in = malloc(LARGEST);
    struct peer **all = calloc((size_t)connections, sizeof *all);
    size_t room = 1 << 24, count = 0;
    float *latencies = malloc(room * sizeof *latencies);
    body[0] = sizeof MIME - 1;
    memcpy(body + 1, MIME, sizeof MIME - 1);
    body[HEAD - 1] = 0x81;
    for (int i = (int)HEAD; i < REQUEST; i++) body[i] = (unsigned char)('a' + i % 26);
    for (int i = 0; i < 4; i++) body[REQUEST - 4 + i] = (unsigned char)(bytes >> (24 - 8 * i));
    for (int i = 0; i < REQUEST; i++) body[i] ^= frame[4 + i % 4];
    size_t expected = bytes + (bytes < 126 ? 2 : bytes < 65536 ? 4 : 10);
    for (int i = 0; i < connections; i++) {
        all[i] = connected(port);
        watch(all[i], EPOLL_CTL_ADD, EPOLLIN);
    }
    double started = now(), ended = started + seconds, at = started;
    for (int i = 0; i < connections; i++) {
        all[i]->expected = expected;
        all[i]->sent = now();
        if (write(all[i]->fd, frame, sizeof frame) != sizeof frame) die("write");
    }
    while (at < ended) {
        struct epoll_event some[256];
        int n = epoll_wait(events, some, 256, 5000);
        if (n <= 0) { fputs("no answer for 5 s\n", stderr); return 1; }
        for (int i = 0; i < n; i++) {
            struct peer *p = some[i].data.ptr;
            ssize_t got = read(p->fd, in, LARGEST);
            if (got <= 0) { fputs("connection lost\n", stderr); return 1; }
            if ((size_t)got > p->expected) { fputs("more than was asked for\n", stderr); return 1; }
            p->expected -= (size_t)got;
            if (p->expected) continue;
            at = now();
            if (count < room) latencies[count] = (float)(at - p->sent);
            count++;
            p->expected = expected;
            p->sent = at;
            if (write(p->fd, frame, sizeof frame) != sizeof frame) die("write");
        }
    }
    size_t kept = count < room ? count : room;
    qsort(latencies, kept, sizeof *latencies, by_size);
    printf("{\"round_trips\": %zu, \"seconds\": %.6f, \"p50\": %.9f, \"p99\": %.9f}\n", count, at - started,
           latencies[kept / 2], latencies[kept * 99 / 100]);
    return 0;
}

/* Whether `p->in` holds a whole message, of which it then is rid. Anything but success ends us. */
static int message_there(struct peer *p) {
    unsigned char *in = p->in;
    if (p->got < 4) return 0;
    int size = in[1], start = 2;
    if (size == 126) { size = in[2] << 8 | in[3]; start = 4; }
    if (size > 126 && start == 2) { fputs("an answer is too long\n", stderr); exit(1); }
    if (p->got < start + size) return 0;
    int code = size < 22 ? 0 : in[start + 20] << 8 | in[start + 21];
    if (in[0] != 0x82 || (code != 200 && code != 204 && code != 206)) {
        fprintf(stderr, "answered with status %d: %.*s\n", code, size > 27 ? size - 27 : 0, in + start + 27);
        exit(1);
    }
    p->got -= start + size;
    memmove(in, in + start + size, (size_t)p->got);
    return code != 206;
}

static int ask(int port, int connections, const char *path, double seconds, double rate) {
    unsigned char frame[4096] = {0x82, 0x80 | 126, 0, 0, 0x12, 0x34, 0x56, 0x78};
    FILE *file = fopen(path, "rb");
    if (!file) die(path);
    size_t size = fread(frame + 8, 1, sizeof frame - 8, file), count = 0, room = 1 << 22;
    fclose(file);
    frame[2] = (unsigned char)(size >> 8);
    frame[3] = size & 255;
    for (size_t i = 0; i < size; i++) frame[8 + i] ^= frame[4 + i % 4];
    size += 8;
    float *latencies = malloc(room * sizeof *latencies);
    struct peer **all = calloc((size_t)connections, sizeof *all);
    double *due = calloc((size_t)connections, sizeof *due), pause = rate > 0 ? connections / rate : 0;
    for (int i = 0; i < connections; i++) {
        all[i] = connected(port);
        all[i]->expected = (size_t)i;
        watch(all[i], EPOLL_CTL_ADD, EPOLLIN);
    }
    /* By default a timer may be 50 us late, which is long beside what is measured, and what is late
     * goes out in bursts. */
    prctl(PR_SET_TIMERSLACK, 1UL);
    double started = now(), at = started;
    for (int i = 0; i < connections; i++) due[i] = started + pause * i / connections;
    for (;;) {
        double next = started + seconds;
        at = now();
        if (at >= next) break;
        for (int i = 0; i < connections; i++) {
            struct peer *p = all[i];
            if (!p->open && due[i] <= at) {
                p->sent = now();
                if (write(p->fd, frame, size) != (ssize_t)size) die("write");
                p->open = 1;
            }
            if (!p->open && due[i] < next) next = due[i];
        }
        struct epoll_event some[256];
        double left = next - now();
        struct timespec wait = {(time_t)0, left > 0 ? (long)(left < 0.9 ? left * 1e9 : 9e8) : 0};
        int n = epoll_pwait2(events, some, 256, &wait, NULL);
        for (int i = 0; i < n; i++) {
            struct peer *p = some[i].data.ptr;
            ssize_t got = read(p->fd, p->in + p->got, sizeof p->in - (size_t)p->got);
            if (got <= 0) { fputs("connection lost\n", stderr); return 1; }
            p->got += (int)got;
            while (p->got && p->open) {
                if (!message_there(p)) break;
                if (count < room) latencies[count++] = (float)(now() - p->sent);
                p->open = 0;
                due[p->expected] = rate > 0 ? due[p->expected] + pause : 0;
            }
        }
    }
    if (!count) { fputs("no answer\n", stderr); return 1; }
    qsort(latencies, count, sizeof *latencies, by_size);
    printf("{\"round_trips\": %zu, \"seconds\": %.6f, \"p50\": %.9f, \"p99\": %.9f}\n", count, at - started,
           latencies[count / 2], latencies[count * 99 / 100]);
    return 0;
}

int main(int argc, char **argv) {
    struct rlimit most;
    getrlimit(RLIMIT_NOFILE, &most);
    most.rlim_cur = most.rlim_max;
    setrlimit(RLIMIT_NOFILE, &most);
    signal(SIGPIPE, SIG_IGN);
    events = epoll_create1(0);
    if (argc == 3 && !strcmp(argv[1], "serve")) serve(atoi(argv[2]));
    if (argc == 6 && !strcmp(argv[1], "load"))
        return load(atoi(argv[2]), atoi(argv[3]), (uint32_t)atoi(argv[4]), atof(argv[5]));
    if (argc == 7 && !strcmp(argv[1], "ask"))
        return ask(atoi(argv[2]), atoi(argv[3]), argv[4], atof(argv[5]), atof(argv[6]));
    if (argc == 4 && !strcmp(argv[1], "idle")) {
        for (int i = 0; i < atoi(argv[3]); i++) connected(atoi(argv[2]));
        puts("ready");
        fflush(stdout);
        while (getchar() != EOF) {}
        return 0;
    }
    fputs("usage: peer serve PORT | load PORT CONNECTIONS BYTES SECONDS |"
          " ask PORT CONNECTIONS FILE SECONDS RATE | idle PORT CONNECTIONS\n", stderr);
    return 2;
}
