/*
 * chatload: many people in a chat server, and a check of every message that each of them receives.
 *
 * It connects clients, has them come into their rooms, proves that each of them hears its room, and
 * then lets some of them talk. A message is
 *
 *     ~RRRR.SSSSS.QQQQQQQQ~filler        R: this run, S: the sender, Q: its number (hexadecimal)
 *
 * where the filler depends on sender and number. Every receiver checks every message: whether it was
 * sent, in this room, and not by itself; once; in the order of its sender; intact to the end of the
 * line; and with --total-order in the order in which the others in the room have it. What has not come
 * in time is lost. There is no sampling.
 *
 * Open loop (--rate): messages are due at fixed times, and latency counts from the time that a message
 * was due, so a pause is charged to all that it kept waiting. Closed loop (--window): each sender has so
 * many messages on their way, and a message is on its way until every receiver has it, so a server gains
 * nothing by serving some of them early.
 *
 * Exit status: 0 all is well, 1 a check has failed, 2 wrong usage, or not everybody could come in.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static const char USAGE[] =
    "usage: chatload --port P [options]          (of a server on 127.0.0.1)\n"
    "  --dialect line|irc    what the server speaks (line)\n"
    "  --login TEXT          sent on connecting; %n: nickname (line: '%n\\r\\n'; irc: NICK and USER)\n"
    "  --join TEXT           line: sent after it; %r: room ('')\n"
    "  --ready TEXT          line: in by the line that holds this (any line)\n"
    "  --clients N           people (100)\n"
    "  --rooms N             rooms that they are spread over (1)\n"
    "  --senders N           how many of them talk (1)\n"
    "  --size N              bytes of a message (64)\n"
    "  --rate N              open loop: messages a second, of all together\n"
    "  --window N            closed loop: messages of each sender on their way (4)\n"
    "  --messages N          stop after so many (no limit)\n"
    "  --duration S          stop after so many seconds (5)\n"
    "  --warmup S            the first seconds, which are checked and not measured (0)\n"
    "  --drain S             how long to wait for the last ones, or for any one (10)\n"
    "  --nap MS              rest between turns, so that one receive takes more (0)\n"
    "  --total-order         check that a room has one order; somebody in each must not talk\n"
    "  --idle                only come in and stay for the duration\n"
    "  --burst N             people who are coming in at the same time (64)\n"
    "  --patience S          until all must be in (120)\n"
    "  --pid PID             the server, for its CPU time and memory\n";

static struct {
    const char *login, *join, *ready;
    bool irc, total_order, idle;
    int port, clients, rooms, senders, size, window, burst;
    pid_t pid;
    double rate, duration, warmup, drain, nap, patience;
    uint64_t messages;
} opt = {.join = "", .ready = "", .clients = 100, .rooms = 1, .senders = 1, .size = 64, .window = 4,
         .burst = 64, .duration = 5, .drain = 10, .patience = 120, .messages = UINT64_MAX};

__attribute__((noreturn, format(printf, 1, 2))) static void die(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("chatload: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    exit(2);
}

/* Makes room for one more in an array that doubles. */
static void *grown(void *array, size_t length, size_t *space, size_t size) {
    if (length < *space) return array;
    *space = length * 2 + 16;
    array = realloc(array, *space * size);
    if (!array) die("out of memory");
    return array;
}

static void *zeroed(size_t count, size_t size) {
    void *array = calloc(count + 1, size);
    if (!array) die("out of memory");
    return array;
}

/* ------------------------------------------------------------------ what is known */

enum { TOKEN = 21, LONGEST = 1 << 16, RECEIVED_AT_ONCE = 1 << 18, FILLER = 1 << 16 };
static const uint32_t PROBE = UINT32_MAX; /* the number of messages that only prove who hears whom */

enum stage { CONNECTING, REGISTERING, JOINING, IN, GONE };

struct text { char *bytes; size_t length, space; };

/* Numbers [from, to) of a sender that a receiver has skipped. */
struct gap { uint32_t sender, from, to; };

struct client {
    int fd, room;
    enum stage stage;
    bool hears, writes;         /* has heard a probe; waits for room in the socket */
    struct text unsent, rest;   /* what the socket did not take; the beginning of a line */
    uint32_t *next;             /* of each sender in the room, the number that comes next */
    struct gap *gaps;
    size_t gap_count, gap_space;
    uint64_t received, order;   /* messages, and a hash of their order */
};

/* When a message was due (or sent, in a closed loop), and how many have it. */
struct message { int64_t due; uint32_t heard; };

struct sender { struct message *messages; size_t sent, space; int on_their_way; };

struct room {
    int members, listener;      /* with --total-order, the one whose order is the room's: it hears all */
    uint64_t *order;
    size_t length, space;
};

static struct client *clients;
static struct sender *senders; /* client s is sender s, for the first of them */
static struct room *rooms;
static int poller, opened, coming, in, hearing;
static char mark[7];            /* "~RRRR." */
static char filler[FILLER];
static int64_t last_heard_from, last_delivery, last_in;
static struct { uint64_t sent, delivered, doubled, disordered, damaged, strayed, gone; } count;

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int64_t seconds(double s) { return (int64_t)(s * 1e9); }

static struct timespec timespec(int64_t ns) {
    return (struct timespec){.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
}

/* ------------------------------------------------------------------ latency */

/* 32 buckets for each power of two: within 3 %. */
enum { FINE = 5, BUCKETS = 64 << FINE };
static uint64_t latencies[BUCKETS], latency_count;
static int64_t latency_max;

static void took(int64_t ns) {
    uint64_t v = ns < 1 << FINE ? 1 << FINE : (uint64_t)ns;
    int shift = 63 - FINE - __builtin_clzll(v);
    latencies[((uint64_t)shift << FINE) + (v >> shift)]++;
    latency_count++;
    if (ns > latency_max) latency_max = ns;
}

static double quantile_ms(double q) {
    uint64_t before = 0, wanted = (uint64_t)(q * (double)latency_count);
    for (uint64_t i = 1 << FINE; i < BUCKETS; i++)
        if ((before += latencies[i]) > wanted) {
            int shift = (int)(i >> FINE) - 1;
            return (double)(((i - ((uint64_t)shift << FINE)) << shift)) / 1e6;
        }
    return (double)latency_max / 1e6;
}

/* ------------------------------------------------------------------ what it costs */

struct cost { int64_t server, own; double rss_kib; };

static struct cost cost(void) {
    struct cost c = {0};
    struct timespec t;
    clockid_t clock;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    c.own = t.tv_sec * 1000000000LL + t.tv_nsec;
    if (!opt.pid) return c;
    /* The same time as in /proc/PID/stat, not rounded to hundredths of a second. */
    if (clock_getcpuclockid(opt.pid, &clock) || clock_gettime(clock, &t)) die("the server is gone");
    c.server = t.tv_sec * 1000000000LL + t.tv_nsec;
    char path[32];
    long pages = 0;
    snprintf(path, sizeof path, "/proc/%d/statm", opt.pid);
    FILE *file = fopen(path, "r");
    if (!file || fscanf(file, "%*d %ld", &pages) != 1) die("the server is gone");
    fclose(file);
    c.rss_kib = (double)pages * (double)sysconf(_SC_PAGESIZE) / 1024;
    return c;
}

/* ------------------------------------------------------------------ sending */

static void watch(struct client *c, bool writes, int how) {
    struct epoll_event e = {.events = EPOLLIN | (writes ? EPOLLOUT : 0), .data.ptr = c};
    c->writes = writes;
    if (epoll_ctl(poller, how, c->fd, &e)) die("epoll_ctl: %s", strerror(errno));
}

static void lose(struct client *c) {
    if (c->stage == IN) in--;
    else coming--;
    c->stage = GONE;
    close(c->fd);
    count.gone++;
}

static void add(struct text *text, const char *bytes, size_t length) {
    if (text->length + length > text->space) {
        text->space = (text->length + length) * 2;
        text->bytes = realloc(text->bytes, text->space);
        if (!text->bytes) die("out of memory");
    }
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
}

/* Returns how much the socket took. */
static size_t put(struct client *c, const char *bytes, size_t length) {
    ssize_t n = send(c->fd, bytes, length, MSG_NOSIGNAL);
    if (n >= 0) return (size_t)n;
    if (errno != EAGAIN && errno != EINTR) lose(c);
    return 0;
}

static void transmit(struct client *c, const char *bytes, size_t length) {
    if (c->stage == GONE) return;
    size_t taken = c->unsent.length ? 0 : put(c, bytes, length);
    if (taken == length || c->stage == GONE) return;
    add(&c->unsent, bytes + taken, length - taken);
    if (!c->writes) watch(c, true, EPOLL_CTL_MOD);
}

static void flush(struct client *c) {
    size_t taken = put(c, c->unsent.bytes, c->unsent.length);
    if (c->stage == GONE) return;
    c->unsent.length -= taken;
    memmove(c->unsent.bytes, c->unsent.bytes + taken, c->unsent.length);
    if (!c->unsent.length) watch(c, false, EPOLL_CTL_MOD);
}

/* Sends a text with %n, %r, \r and \n in it. */
static void transmit_filled(struct client *c, const char *text) {
    char line[LONGEST];
    size_t n = 0;
    for (; *text && n < sizeof line - 32; text++) {
        char *end = line + n;
        if (*text == '%' && text[1] == 'n') n += (size_t)sprintf(end, "u%05d", (int)(c - clients)), text++;
        else if (*text == '%' && text[1] == 'r') n += (size_t)sprintf(end, "load%d", c->room), text++;
        else if (*text == '\\' && text[1]) line[n++] = *++text == 'r' ? '\r' : *text == 'n' ? '\n' : *text;
        else line[n++] = *text;
    }
    transmit(c, line, n);
}

static const char *filler_of(uint32_t sender, uint32_t number) {
    return filler + (sender * 7919u + number * 31u) % (uint32_t)(FILLER - LONGEST / 2);
}

static void say(uint32_t sender, uint32_t number) {
    static char line[LONGEST];
    struct client *c = &clients[sender];
    size_t n = opt.irc ? (size_t)sprintf(line, "PRIVMSG #load%d :", c->room) : 0;
    n += (size_t)sprintf(line + n, "%s%05x.%08x~", mark, sender, number);
    memcpy(line + n, filler_of(sender, number), (size_t)opt.size - TOKEN);
    n += (size_t)opt.size - TOKEN;
    line[n++] = '\r', line[n++] = '\n';
    transmit(c, line, n);
}

static void say_next(uint32_t who, int64_t due) {
    struct sender *s = &senders[who];
    s->messages = grown(s->messages, s->sent, &s->space, sizeof *s->messages);
    s->messages[s->sent] = (struct message){.due = due};
    s->on_their_way++;
    count.sent++;
    say(who, (uint32_t)s->sent++);
}

/* ------------------------------------------------------------------ checking */

static void skip(struct client *c, uint32_t sender, uint32_t from, uint32_t to) {
    if (from == to) return;
    c->gaps = grown(c->gaps, c->gap_count, &c->gap_space, sizeof *c->gaps);
    c->gaps[c->gap_count++] = (struct gap){sender, from, to};
}

/* Says whether a message had been skipped; it is not from now on. */
static bool was_skipped(struct client *c, uint32_t sender, uint32_t number) {
    for (size_t i = 0; i < c->gap_count; i++) {
        struct gap gap = c->gaps[i];
        if (gap.sender != sender || number < gap.from || number >= gap.to) continue;
        c->gaps[i] = c->gaps[--c->gap_count];
        skip(c, sender, gap.from, number);
        skip(c, sender, number + 1, gap.to);
        return true;
    }
    return false;
}

static uint64_t mixed(uint64_t hash, uint64_t id) {
    hash = (hash ^ id) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 32;
}

static void hear(struct client *c, uint32_t sender, uint32_t number, int64_t at) {
    int me = (int)(c - clients);
    bool from_here = (int)sender % opt.rooms == c->room && (int)sender != me;
    if (number == PROBE) {
        if (from_here && !c->hears) c->hears = true, hearing++;
        return;
    }
    if ((int)sender >= opt.senders || number >= senders[sender].sent) { count.damaged++; return; }
    if (!from_here) { count.strayed++; return; }

    uint32_t *next = &c->next[sender / (uint32_t)opt.rooms];
    if (number >= *next) {
        skip(c, sender, *next, number);
        *next = number + 1;
    } else if (was_skipped(c, sender, number)) {
        count.disordered++;
    } else {
        count.doubled++;
        return;
    }
    struct message *message = &senders[sender].messages[number];
    struct room *room = &rooms[c->room];
    count.delivered++;
    c->received++;
    last_delivery = at;
    took(at - message->due);
    if ((int)++message->heard == room->members - 1) senders[sender].on_their_way--;
    if (opt.total_order) {
        uint64_t id = (uint64_t)sender << 32 | number;
        c->order = mixed(c->order, id);
        if (room->listener == me) {
            room->order = grown(room->order, room->length, &room->space, sizeof *room->order);
            room->order[room->length++] = id;
        }
    }
}

static bool hexadecimal(const char *from, int digits, uint32_t *value) {
    for (*value = 0; digits--; from++) {
        uint32_t digit = *from >= '0' && *from <= '9' ? (uint32_t)(*from - '0')
                       : *from >= 'a' && *from <= 'f' ? (uint32_t)(*from - 'a' + 10) : 16;
        if (digit == 16) return false;
        *value = *value << 4 | digit;
    }
    return true;
}

/* Checks a line that holds a message. */
static void check(struct client *c, const char *token, const char *end, int64_t at) {
    uint32_t sender, number;
    if (end - token == opt.size && token[11] == '.' && token[TOKEN - 1] == '~' &&
        hexadecimal(token + 6, 5, &sender) && hexadecimal(token + 12, 8, &number) &&
        !memcmp(token + TOKEN, filler_of(sender, number), (size_t)opt.size - TOKEN))
        hear(c, sender, number, at);
    else
        count.damaged++;
}

/* Counts the receivers who had an order that is not their room's. */
static uint64_t other_orders(void) {
    uint64_t others = 0;
    if (!opt.total_order) return 0;
    for (int i = 0; i < opt.clients; i++) {
        struct room *room = &rooms[clients[i].room];
        uint64_t order = 0, length = 0;
        for (size_t k = 0; k < room->length; k++)
            if ((int)(room->order[k] >> 32) != i) order = mixed(order, room->order[k]), length++;
        others += length == clients[i].received && order != clients[i].order; /* else some were lost */
    }
    return others;
}

/* ------------------------------------------------------------------ coming in */

static void come_in(struct client *c) {
    c->stage = IN;
    coming--;
    in++;
    last_in = now();
}

static void on_irc_line(struct client *c, const char *line, const char *end) {
    char reply[1024];
    int length = (int)(end - line);
    if (length > 5 && length < 1000 && !memcmp(line, "PING ", 5)) {
        transmit(c, reply, (size_t)sprintf(reply, "PONG %.*s\r\n", length - 5, line + 5));
        return;
    }
    const char *numeric = *line == ':' ? memchr(line, ' ', (size_t)length) : NULL;
    if (!numeric || end - numeric < 5) return;
    if (c->stage == REGISTERING && !memcmp(numeric, " 001 ", 5)) {
        c->stage = JOINING;
        transmit(c, reply, (size_t)sprintf(reply, "JOIN #load%d\r\n", c->room));
    } else if (c->stage == JOINING && !memcmp(numeric, " 366 ", 5)) {
        come_in(c);
    }
}

static void on_line(struct client *c, const char *line, const char *end, int64_t at) {
    for (const char *p = line; (p = memchr(p, '~', (size_t)(end - p))); p++)
        if (end - p >= (int)sizeof mark - 1 && !memcmp(p, mark, sizeof mark - 1)) {
            check(c, p, end, at);
            return;
        }
    if (opt.irc) on_irc_line(c, line, end);
    else if (c->stage == JOINING && memmem(line, (size_t)(end - line), opt.ready, strlen(opt.ready)))
        come_in(c);
}

static void on_bytes(struct client *c) {
    static char buffer[LONGEST + RECEIVED_AT_ONCE];
    memcpy(buffer, c->rest.bytes, c->rest.length);
    ssize_t n = recv(c->fd, buffer + c->rest.length, RECEIVED_AT_ONCE, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) { lose(c); return; }
    const char *line = buffer, *end = buffer + c->rest.length + n, *feed;
    int64_t at = last_heard_from = now();
    while (c->stage != GONE && (feed = memchr(line, '\n', (size_t)(end - line)))) {
        on_line(c, line, feed > line && feed[-1] == '\r' ? feed - 1 : feed, at);
        line = feed + 1;
    }
    c->rest.length = 0;
    if (end - line >= LONGEST) count.damaged++;
    else if (end > line) add(&c->rest, line, (size_t)(end - line));
}

static void open_connection(struct client *c) {
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons((uint16_t)opt.port),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0) die("socket: %s", strerror(errno));
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(c->fd, (struct sockaddr *)&server, sizeof server) && errno != EINPROGRESS)
        die("connect: %s", strerror(errno));
    watch(c, true, EPOLL_CTL_ADD);
    opened++;
    coming++;
}

static void on_connected(struct client *c) {
    int error = 0;
    getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &(socklen_t){sizeof error});
    if (error) die("connect: %s", strerror(error));
    watch(c, false, EPOLL_CTL_MOD);
    c->stage = opt.irc ? REGISTERING : JOINING;
    transmit_filled(c, opt.login);
    if (!opt.irc) transmit_filled(c, opt.join);
}

/* Waits for something to happen, until some time at the latest. */
static void turn(int64_t until) {
    static struct epoll_event events[1024];
    static int64_t awake;
    int64_t rest = awake + (int64_t)(opt.nap * 1e6) - now();
    if (rest > until - now()) rest = until - now();
    struct timespec nap = timespec(rest);
    if (rest > 0) nanosleep(&nap, NULL);
    awake = now();
    struct timespec wait = timespec(until > awake ? until - awake : 0);
    int n = epoll_pwait2(poller, events, 1024, &wait, NULL);
    if (n < 0 && errno != EINTR) die("epoll_pwait2: %s", strerror(errno));
    for (int i = 0; i < n; i++) {
        struct client *c = events[i].data.ptr;
        if (c->stage == CONNECTING) on_connected(c);
        else if (events[i].events & EPOLLOUT) flush(c);
        if (c->stage != GONE && events[i].events & ~(uint32_t)EPOLLOUT) on_bytes(c);
    }
    if (count.gone && !last_delivery) die("the server closed a connection before anybody talked");
}

static void bring_all_in(void) {
    int64_t deadline = now() + seconds(opt.patience), probe_at = 0;
    while (in < opt.clients) {
        while (opened < opt.clients && coming < opt.burst) open_connection(&clients[opened]);
        turn(now() + seconds(0.1));
        if (now() > deadline) die("%d of %d clients came in", in, opt.clients);
    }
    /* The first in each room says something until all others in it hear it. */
    while (!opt.idle && hearing < opt.clients - opt.rooms) {
        if (now() > probe_at && now() - last_heard_from > seconds(probe_at ? 0.5 : 0)) {
            for (int r = 0; r < opt.rooms; r++) say((uint32_t)r, PROBE);
            probe_at = now() + seconds(1);
        }
        turn(now() + seconds(0.05));
        if (now() > deadline) die("%d of %d clients hear their rooms", hearing, opt.clients - opt.rooms);
    }
    int64_t quiet_from = now();
    while (now() - (last_heard_from > quiet_from ? last_heard_from : quiet_from) < seconds(0.3)) {
        turn(now() + seconds(0.05));
        if (now() > deadline) die("it is never quiet");
    }
}

/* ------------------------------------------------------------------ talking */

static struct { int64_t from, to; struct cost before, after; uint64_t sent, delivered; } measured;

static void begin_measuring(void) {
    measured.from = now();
    measured.before = cost();
    measured.sent = count.sent;
    measured.delivered = count.delivered;
    memset(latencies, 0, sizeof latencies);
    latency_count = 0;
    latency_max = 0;
}

/* Says what is to be said now; returns when there will be more to say, if the clock knows. */
static int64_t talk(int64_t began, int64_t end) {
    static uint64_t said;
    if (opt.rate > 0)
        for (;; said++) {
            int64_t due = began + (int64_t)((double)said * 1e9 / opt.rate);
            if (due > now() || due >= end || count.sent >= opt.messages) return due;
            say_next((uint32_t)(said % (uint64_t)opt.senders), due);
        }
    for (int s = 0; s < opt.senders; s++)
        while (senders[s].on_their_way < opt.window && count.sent < opt.messages)
            say_next((uint32_t)s, now());
    return INT64_MAX;
}

static uint64_t deliveries_due(void) {
    uint64_t due = 0;
    for (int s = 0; s < opt.senders; s++)
        due += senders[s].sent * (uint64_t)(rooms[s % opt.rooms].members - 1);
    return due;
}

static void converse(void) {
    int64_t began = now(), end = began + seconds(opt.duration), warm = began + seconds(opt.warmup);
    last_delivery = began;
    begin_measuring();
    while (now() < end && count.sent < opt.messages && now() - last_delivery < seconds(opt.drain)) {
        if (warm && now() >= warm) warm = 0, begin_measuring();
        int64_t next = opt.idle ? end : talk(began, end), soon = now() + seconds(0.1);
        turn(next < soon ? next : soon);
        if (opt.idle) last_delivery = now();
    }
    int64_t deadline = now() + seconds(opt.drain);
    while (count.delivered < deliveries_due() && now() < deadline) turn(now() + seconds(0.05));
    measured.after = cost();
    measured.to = now();
    for (int64_t until = now() + seconds(0.1); now() < until;) turn(until); /* something may come twice */
}

/* ------------------------------------------------------------------ the report */

static int report(struct cost before, struct cost with_all, int64_t began) {
    double login = (double)(last_in - began) / 1e9, all = opt.clients;
    double span = (double)(last_delivery - measured.from) / 1e9, wall = (double)(measured.to - measured.from);
    double deliveries = (double)(count.delivered - measured.delivered);
    double cpu = (double)(measured.after.server - measured.before.server);
    uint64_t lost = deliveries_due() - count.delivered;
    uint64_t orders = other_orders();
    bool ok = !lost && !count.doubled && !count.disordered && !count.damaged && !count.strayed &&
              !count.gone && !orders;
    printf("{\"logins_per_s\": %.0f, \"cpu_us_per_login\": %.2f, \"kib_per_client\": %.3f", all / login,
           (double)(with_all.server - before.server) / 1e3 / all, (with_all.rss_kib - before.rss_kib) / all);
    if (deliveries > 0)
        printf(", \"messages_per_s\": %.1f, \"deliveries\": %.0f, \"cpu_us_per_delivery\": %.4f, "
               "\"p50_ms\": %.3f, \"p99_ms\": %.3f, \"max_ms\": %.3f",
               (double)(count.sent - measured.sent) / span, deliveries, cpu / 1e3 / deliveries,
               quantile_ms(0.5), quantile_ms(0.99), (double)latency_max / 1e6);
    printf(", \"server_busy\": %.3f, \"load_busy\": %.3f, \"rss_kib\": %.0f", cpu / wall,
           (double)(measured.after.own - measured.before.own) / wall, measured.after.rss_kib);
    const struct { const char *name; uint64_t value; } checks[] = {
        {"expected", deliveries_due()}, {"lost", lost}, {"doubled", count.doubled},
        {"disordered", count.disordered}, {"damaged", count.damaged}, {"strayed", count.strayed},
        {"gone", count.gone}, {"other_orders", orders}};
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
        printf(", \"%s\": %" PRIu64, checks[i].name, checks[i].value);
    printf(", \"ok\": %s}\n", ok ? "true" : "false");
    return ok ? 0 : 1;
}

/* ------------------------------------------------------------------ setting up */

static double number(const char *name, const char *text, double least, double most) {
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end || !(value >= least && value <= most))
        die("--%s is a number from %g to %g, not '%s'", name, least, most, text);
    return value;
}

static void take_options(int argc, char **argv) {
    static const struct option known[] = {
        {"port", 1, 0, 'p'}, {"dialect", 1, 0, 'd'}, {"login", 1, 0, 'l'}, {"join", 1, 0, 'j'},
        {"ready", 1, 0, 'y'}, {"clients", 1, 0, 'c'}, {"rooms", 1, 0, 'r'}, {"senders", 1, 0, 's'},
        {"size", 1, 0, 'z'}, {"rate", 1, 0, 'R'}, {"window", 1, 0, 'w'}, {"messages", 1, 0, 'm'},
        {"duration", 1, 0, 'D'}, {"warmup", 1, 0, 'W'}, {"drain", 1, 0, 'x'}, {"nap", 1, 0, 'n'},
        {"total-order", 0, 0, 'o'}, {"idle", 0, 0, 'i'}, {"burst", 1, 0, 'b'}, {"patience", 1, 0, 't'},
        {"pid", 1, 0, 'P'}, {"help", 0, 0, 'h'}, {0, 0, 0, 0}};
    int which, at = 0;
#define NUMBER(least, most) number(known[at].name, optarg, least, most)
    while ((which = getopt_long(argc, argv, "", known, &at)) != -1)
        switch (which) {
        case 'p': opt.port = (int)NUMBER(1, 65535); break;
        case 'd':
            opt.irc = !strcmp(optarg, "irc");
            if (!opt.irc && strcmp(optarg, "line")) die("--dialect is line or irc");
            break;
        case 'l': opt.login = optarg; break;
        case 'j': opt.join = optarg; break;
        case 'y': opt.ready = optarg; break;
        case 'c': opt.clients = (int)NUMBER(1, 99999); break;
        case 'r': opt.rooms = (int)NUMBER(1, 99999); break;
        case 's': opt.senders = (int)NUMBER(1, 99999); break;
        case 'z': opt.size = (int)NUMBER(TOKEN, LONGEST / 2); break;
        case 'R': opt.rate = NUMBER(0.001, 1e7); break;
        case 'w': opt.window = (int)NUMBER(1, 65536); break;
        case 'm': opt.messages = (uint64_t)NUMBER(1, 4e9); break;
        case 'D': opt.duration = NUMBER(0.01, 1e6); break;
        case 'W': opt.warmup = NUMBER(0, 1e6); break;
        case 'x': opt.drain = NUMBER(0.01, 1e6); break;
        case 'n': opt.nap = NUMBER(0, 1000); break;
        case 'o': opt.total_order = true; break;
        case 'i': opt.idle = true; break;
        case 'b': opt.burst = (int)NUMBER(1, 99999); break;
        case 't': opt.patience = NUMBER(0.01, 1e6); break;
        case 'P': opt.pid = (pid_t)NUMBER(1, 1e9); break;
        case 'h': fputs(USAGE, stdout); exit(0);
        default: fputs(USAGE, stderr); exit(2);
        }
    if (optind < argc) die("what is '%s'?", argv[optind]);
    if (!opt.port) die("--port is missing");
    if (opt.clients < 2 * opt.rooms) die("there must be two clients to a room");
    if (opt.senders > opt.clients) die("there must be as many clients as senders");
    if (opt.total_order && opt.clients - opt.senders < opt.rooms)
        die("--total-order needs somebody in each room who does not talk");
    if (!opt.login) opt.login = opt.irc ? "NICK %n\\r\\nUSER %n 0 * :%n\\r\\n" : "%n\\r\\n";
}

static void set_up(void) {
    struct rlimit files = {(rlim_t)opt.clients + 64, (rlim_t)opt.clients + 64}, now_allowed;
    getrlimit(RLIMIT_NOFILE, &now_allowed);
    if (now_allowed.rlim_max > files.rlim_max) files.rlim_max = now_allowed.rlim_max;
    if (now_allowed.rlim_cur < files.rlim_cur && setrlimit(RLIMIT_NOFILE, &files))
        die("%d clients need 'ulimit -n %d'", opt.clients, opt.clients + 64);

    uint32_t chance = (uint32_t)(now() / 1000) ^ (uint32_t)getpid() << 16;
    snprintf(mark, sizeof mark, "~%04x.", (chance * 2654435761u) >> 16);
    for (size_t i = 0; i < FILLER; i++) {
        chance = chance * 1664525u + 1013904223u;
        filler[i] = (char)('a' + (chance >> 16) % 26);
    }

    clients = zeroed((size_t)opt.clients, sizeof *clients);
    senders = zeroed((size_t)opt.senders, sizeof *senders);
    rooms = zeroed((size_t)opt.rooms, sizeof *rooms);
    for (int i = opt.clients - 1; i >= 0; i--) {
        clients[i].room = i % opt.rooms;
        clients[i].rest.bytes = zeroed(1, 1);
        clients[i].next = zeroed((size_t)(opt.senders / opt.rooms + 1), sizeof(uint32_t));
        rooms[clients[i].room].members++;
        rooms[clients[i].room].listener = i >= opt.senders ? i : rooms[clients[i].room].listener;
    }
    poller = epoll_create1(EPOLL_CLOEXEC);
    if (poller < 0) die("epoll_create1: %s", strerror(errno));
}

int main(int argc, char **argv) {
    take_options(argc, argv);
    set_up();
    struct cost before = cost();
    int64_t began = now();
    bring_all_in();
    struct cost with_all = cost();
    converse();
    return report(before, with_all, began);
}
