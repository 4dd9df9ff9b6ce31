/*
 * climit: what a chat server costs at the least. Not a product: no log, no names, no limits.
 *
 *     climit PORT direct|tick
 *
 * The first line is the nickname, "/join ROOM" goes to another room, and every other line goes to the
 * others in the room as "<nick> line". direct: one send for each of them and each message. tick: what the
 * messages of one turn are for somebody goes in one send.
 *
 * Lines have at most 4000 bytes. Whoever does not read is cut off with 8 MiB waiting.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PEOPLE = 65536, ROOMS = 4096, LINE = 4000, NAME = 32, PATIENCE = 8 << 20, AT_ONCE = 65536 };

struct text { char *bytes; size_t length, space; };

/* A message in a room's batch: whose, and where. */
struct piece { int author; size_t from, to; };

struct room {
    char name[NAME];
    int *members, count, space;
    struct text batch;
    struct piece *pieces;
    size_t piece_count, piece_space;
};

struct person {
    bool here, talked;          /* connected; has a message in its room's batch */
    char nick[NAME];
    struct room *room;
    int place;                  /* among the room's members */
    struct text rest, unsent;   /* the beginning of a line; what the socket did not take */
};

static struct person people[PEOPLE]; /* by descriptor */
static struct room rooms[ROOMS], *busy[ROOMS];
static int room_count, busy_count, poller;
static bool tick;

static void *grown(void *array, size_t bytes) {
    array = realloc(array, bytes);
    if (!array) abort();
    return array;
}

static void add(struct text *text, const char *bytes, size_t length) {
    if (text->length + length > text->space)
        text->bytes = grown(text->bytes, text->space = (text->length + length) * 2);
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
}

static void watch(int fd, bool writes, int how) {
    struct epoll_event e = {.events = EPOLLIN | (writes ? EPOLLOUT : 0), .data.fd = fd};
    epoll_ctl(poller, how, fd, &e);
}

/* ------------------------------------------------------------------ rooms */

static struct room *room_called(const char *name) {
    for (int i = 0; i < room_count; i++)
        if (!strcmp(rooms[i].name, name)) return &rooms[i];
    if (room_count == ROOMS) return &rooms[0];
    snprintf(rooms[room_count].name, NAME, "%.*s", NAME - 1, name);
    return &rooms[room_count++];
}

static void leave(int fd) {
    struct person *p = &people[fd];
    if (!p->room) return;
    int last = p->room->members[--p->room->count];
    p->room->members[p->place] = last;
    people[last].place = p->place;
    p->room = NULL;
}

static void enter(int fd, struct room *room) {
    leave(fd);
    if (room->count == room->space) {
        room->space = room->space * 2 + 16;
        room->members = grown(room->members, (size_t)room->space * sizeof(int));
    }
    people[fd].place = room->count;
    people[fd].room = room;
    room->members[room->count++] = fd;
}

/* ------------------------------------------------------------------ sending */

static void put(int fd, const char *bytes, size_t length) {
    struct person *p = &people[fd];
    ssize_t taken = 0;
    if (!p->unsent.length) {
        taken = send(fd, bytes, length, MSG_NOSIGNAL);
        if (taken == (ssize_t)length) return;
        if (taken < 0) taken = 0; /* if the connection is broken, reading will tell */
        watch(fd, true, EPOLL_CTL_MOD);
    }
    add(&p->unsent, bytes + taken, length - (size_t)taken);
    if (p->unsent.length > PATIENCE) shutdown(fd, SHUT_RDWR);
}

static void flush(int fd) {
    struct text *unsent = &people[fd].unsent;
    ssize_t taken = send(fd, unsent->bytes, unsent->length, MSG_NOSIGNAL);
    if (taken < 0) return;
    unsent->length -= (size_t)taken;
    memmove(unsent->bytes, unsent->bytes + taken, unsent->length);
    if (!unsent->length) watch(fd, false, EPOLL_CTL_MOD);
}

/* Sends somebody who talked the room's batch without what is its own. */
static void put_others(int fd, const struct room *room) {
    static struct text others;
    size_t from = 0;
    others.length = 0;
    for (size_t i = 0; i < room->piece_count; i++)
        if (room->pieces[i].author == fd) {
            add(&others, room->batch.bytes + from, room->pieces[i].from - from);
            from = room->pieces[i].to;
        }
    add(&others, room->batch.bytes + from, room->batch.length - from);
    if (others.length) put(fd, others.bytes, others.length);
}

static void send_batches(void) {
    for (; busy_count; busy_count--) {
        struct room *room = busy[busy_count - 1];
        for (int i = 0; i < room->count; i++) {
            int fd = room->members[i];
            if (people[fd].talked) put_others(fd, room);
            else put(fd, room->batch.bytes, room->batch.length);
            people[fd].talked = false;
        }
        room->batch.length = room->piece_count = 0;
    }
}

static void say(int fd, const char *message, size_t length) {
    struct room *room = people[fd].room;
    if (!tick) {
        for (int i = 0; i < room->count; i++)
            if (room->members[i] != fd) put(room->members[i], message, length);
        return;
    }
    if (!room->piece_count) busy[busy_count++] = room;
    if (room->piece_count == room->piece_space) {
        room->piece_space = room->piece_space * 2 + 16;
        room->pieces = grown(room->pieces, room->piece_space * sizeof *room->pieces);
    }
    room->pieces[room->piece_count++] = (struct piece){fd, room->batch.length, room->batch.length + length};
    add(&room->batch, message, length);
    people[fd].talked = true;
}

/* ------------------------------------------------------------------ receiving */

static void on_line(int fd, char *line, size_t length) {
    struct person *p = &people[fd];
    char message[NAME + LINE + 16];
    if (length && line[length - 1] == '\r') length--;
    if (length > LINE) length = LINE;
    line[length] = 0;
    if (!*p->nick) {
        snprintf(p->nick, NAME, "%.*s", NAME - 1, line);
        enter(fd, room_called("lobby"));
        put(fd, message, (size_t)sprintf(message, "Welcome %s\r\n", p->nick));
    } else if (!strncmp(line, "/join ", 6)) {
        if (tick) send_batches(); /* what was said belongs to those who were there */
        enter(fd, room_called(line + 6));
    } else {
        size_t n = strlen(p->nick);
        message[0] = '<';
        memcpy(message + 1, p->nick, n);
        memcpy(message + 1 + n, "> ", 2);
        memcpy(message + 3 + n, line, length);
        memcpy(message + 3 + n + length, "\r\n", 2);
        say(fd, message, n + length + 5);
    }
}

static void drop(int fd) {
    if (tick) send_batches();
    leave(fd);
    close(fd);
    free(people[fd].rest.bytes);
    free(people[fd].unsent.bytes);
    people[fd] = (struct person){0};
}

static void on_bytes(int fd) {
    static char buffer[2 * AT_ONCE];
    struct text *rest = &people[fd].rest;
    if (rest->length) memcpy(buffer, rest->bytes, rest->length);
    ssize_t n = recv(fd, buffer + rest->length, AT_ONCE, 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0 || rest->length + (size_t)n > AT_ONCE + LINE) { drop(fd); return; }
    char *line = buffer, *end = buffer + rest->length + n, *feed;
    for (; (feed = memchr(line, '\n', (size_t)(end - line))); line = feed + 1)
        on_line(fd, line, (size_t)(feed - line));
    rest->length = 0;
    if (line < end) add(rest, line, (size_t)(end - line));
}

static void on_connection(int listener) {
    int fd, one = 1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        if (fd >= PEOPLE) { close(fd); continue; }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        people[fd].here = true;
        watch(fd, false, EPOLL_CTL_ADD);
    }
}

int main(int argc, char **argv) {
    if (argc != 3 || (strcmp(argv[2], "direct") && strcmp(argv[2], "tick"))) {
        fputs("usage: climit PORT direct|tick\n", stderr);
        return 2;
    }
    tick = !strcmp(argv[2], "tick");
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((in_port_t)atoi(argv[1])),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096)) {
        perror("climit");
        return 1;
    }
    poller = epoll_create1(0);
    watch(listener, false, EPOLL_CTL_ADD);
    for (;;) {
        struct epoll_event events[1024];
        int n = epoll_wait(poller, events, 1024, -1);
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) { on_connection(fd); continue; }
            if (people[fd].here && events[i].events & EPOLLOUT) flush(fd);
            if (people[fd].here && events[i].events & ~(uint32_t)EPOLLOUT) on_bytes(fd);
        }
        if (tick) send_batches();
    }
}
