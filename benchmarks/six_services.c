/*
 * The six-service network of benchmarks/peers.py, and nothing else, as plain C: what a compiled engine is measured against.
 *
 *     six_services INPUT OUTPUT REPEATS
 *
 * INPUT is written by benchmarks/plain_c.py: whole numbers of 64 bits, in the order in which read_network reads them. OUTPUT
 * gets the records, nine whole numbers each ("-": nowhere). Standard output gets one line for each repeat: nanoseconds,
 * events, records. The clock runs from before the memory of a run is asked for until the last record is written to it; the
 * children stand in memory before.
 *
 * Every draw is addressed (sim/draws.py) and every duration looked up in a table of quantiles (sim/laws.py), and what happens
 * within one second comes in the engine's order (sim/engine.py). So the records are those of the engines, byte for byte.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SERVICES = 6, LEVELS = 3, TABLE = 8191, BITS = 63, LEVEL = 12, LAST_BIN = 4095, COLUMNS = 9, MOST_ROUTES = 8 };
/* Kinds of events in their order within a second; arrivals come between giving up and reaching, and serving last. */
enum { COURSE = 3, LEAVING = 5, ARRIVAL = 6, REACHING = 7 };
/* Kinds of records (sim/records.py). */
enum { AROSE = 1, JOINED = 7, STARTED = 8, ENDED = 10, GAVE_UP = 11, HANDED_OVER = 16, LEFT = 21 };
enum { LEFT_DONE = 2, LEFT_WITHOUT_HELP = 4 };
enum { NOT_HERE, WAITING, HELPED };

typedef struct {
    int64_t places, option, patient;
    uint64_t length_stream, patience_stream, route_stream;
    const int64_t *length, *patience;
    int64_t routes;
    int64_t limit[MOST_ROUTES], to[MOST_ROUTES], delay[MOST_ROUTES];
} Service;

typedef struct {
    int64_t begin, end, children, needs;
    Service service[SERVICES];
    const int64_t *severity; /* by need */
    const uint64_t *key;     /* by child, as all that follow */
    const int64_t *time, *need, *to, *stream;
} Network;

/* A child in the model: where it is now, and how often it was anywhere. */
typedef struct {
    int64_t since, received;
    int32_t number; /* of this stay at its service, from 1 */
    int32_t stays;  /* so far: an event of an earlier one is stale */
    int16_t visits[SERVICES];
    int8_t place, status;
} Child;

/* Order within a second: kind, child, stay. */
typedef struct {
    int64_t time;
    uint64_t order;
} Event;

/* The children of one severity on a list, in order of (second, child); those who have gone are dropped at the head. */
typedef struct {
    int64_t since;
    int32_t child, stays;
} Entry;

typedef struct {
    Entry *entries;
    uint32_t head, tail, room; /* room is a power of two */
} Queue;

typedef struct {
    const Network *network;
    Child *child;
    Event *heap;
    size_t events, event_room;
    int64_t *rows;
    size_t records, record_room; /* in numbers */
    Queue list[SERVICES][LEVELS];
    int64_t waiting[SERVICES], helped[SERVICES];
    int64_t now, next_arrival, processed;
    uint32_t touched; /* services whose hours or children changed: bits */
} Run;

static void *must(void *memory) {
    if (memory == NULL) {
        fputs("six_services: out of memory\n", stderr);
        exit(1);
    }
    return memory;
}

/* -- draws ---------------------------------------------------------------------------------------------------------------- */

static inline int64_t draw(uint64_t key, uint64_t purpose, int64_t ordinal) {
    uint64_t x = (key ^ purpose) + (uint64_t)(ordinal + 1) * 0x9E3779B97F4A7C15u;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return (int64_t)((x ^ (x >> 31)) >> 1);
}

static inline int64_t look_up(const int64_t *table, int64_t quantile) {
    int64_t index = quantile >> (BITS - LEVEL);
    if (index == LAST_BIN)
        index = LAST_BIN + ((quantile >> (BITS - 2 * LEVEL)) & LAST_BIN);
    return table[index];
}

/* -- events --------------------------------------------------------------------------------------------------------------- */

static inline int before(Event a, Event b) { return a.time < b.time || (a.time == b.time && a.order < b.order); }

static void schedule(Run *run, int kind, int64_t child, int64_t time) {
    if (time > run->network->end)
        return;
    if (run->events == run->event_room) {
        run->event_room *= 2;
        run->heap = must(realloc(run->heap, run->event_room * sizeof(Event)));
    }
    Event event = {time, (uint64_t)kind << 56 | (uint64_t)child << 24 | (uint64_t)run->child[child].stays};
    Event *heap = run->heap;
    size_t at = run->events++;
    while (at > 0 && before(event, heap[(at - 1) / 2])) {
        heap[at] = heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap[at] = event;
}

static Event pop(Run *run) {
    Event *heap = run->heap, first = heap[0], last = heap[--run->events];
    size_t count = run->events, at = 0, below;
    while ((below = 2 * at + 1) < count) {
        if (below + 1 < count)
            below += before(heap[below + 1], heap[below]);
        if (!before(heap[below], last))
            break;
        heap[at] = heap[below];
        at = below;
    }
    heap[at] = last;
    return first;
}

/* The second of what comes next, arrivals included; beyond the end where nothing does. */
static inline int64_t next_time(const Run *run) {
    const Network *network = run->network;
    int64_t time = run->events ? run->heap[0].time : network->end + 1;
    if (run->next_arrival < network->children && network->time[run->next_arrival] < time)
        time = network->time[run->next_arrival];
    return time;
}

/* -- records -------------------------------------------------------------------------------------------------------------- */

static inline void note(Run *run, int64_t kind, int64_t child, int64_t place, int64_t stay, int64_t since, int64_t received,
                        int64_t detail) {
    if (run->records + COLUMNS > run->record_room) {
        run->record_room *= 2;
        run->rows = must(realloc(run->rows, run->record_room * sizeof(int64_t)));
    }
    int64_t *row = run->rows + run->records;
    row[0] = run->now;
    row[1] = kind;
    row[2] = child;
    row[3] = place;
    row[4] = stay;
    row[5] = since;
    row[6] = received;
    row[7] = detail;
    row[8] = run->network->need[child];
    run->records += COLUMNS;
}

/* -- lists ---------------------------------------------------------------------------------------------------------------- */

static void enlist(Run *run, int64_t number) {
    Child *child = &run->child[number];
    Queue *list = &run->list[child->place][run->network->severity[run->network->need[number]]];
    if (list->tail - list->head == list->room) {
        uint32_t room = list->room ? 2 * list->room : 16;
        Entry *entries = must(malloc(room * sizeof(Entry)));
        for (uint32_t i = list->head; i != list->tail; i++)
            entries[i & (room - 1)] = list->entries[i & (list->room - 1)];
        free(list->entries);
        list->entries = entries;
        list->room = room;
    }
    uint32_t mask = list->room - 1, at = list->tail++;
    /* of those who join in the same second the earlier child comes first */
    while (at != list->head && list->entries[(at - 1) & mask].since == run->now &&
           list->entries[(at - 1) & mask].child > number) {
        list->entries[at & mask] = list->entries[(at - 1) & mask];
        at--;
    }
    list->entries[at & mask] = (Entry){run->now, (int32_t)number, child->stays};
}

/* The first of a list who still waits, taken off it: the most severe, then the one who came first. -1: nobody. */
static int64_t take_first(Run *run, int place) {
    for (int level = LEVELS - 1; level >= 0; level--) {
        Queue *list = &run->list[place][level];
        while (list->head != list->tail) {
            Entry entry = list->entries[list->head++ & (list->room - 1)];
            const Child *child = &run->child[entry.child];
            if (child->stays == entry.stays && child->status == WAITING)
                return entry.child;
        }
    }
    return -1;
}

/* -- the story ------------------------------------------------------------------------------------------------------------ */

static void start(Run *run, int64_t number) {
    Child *child = &run->child[number];
    const Service *service = &run->network->service[child->place];
    note(run, STARTED, number, child->place, child->number, child->since, child->received, 2 * service->option);
    run->helped[child->place]++;
    child->status = HELPED;
    child->since = run->now;
    int64_t quantile = draw(run->network->key[number], service->length_stream, child->number - 1);
    schedule(run, COURSE, number, run->now + look_up(service->length, quantile));
}

/* Lists are served last in a second, and once. */
static void serve(Run *run) {
    while (run->touched && next_time(run) > run->now) {
        int place = __builtin_ctz(run->touched);
        run->touched &= run->touched - 1;
        while (run->waiting[place] > 0 && run->helped[place] < run->network->service[place].places) {
            int64_t number = take_first(run, place);
            run->waiting[place]--;
            start(run, number);
        }
    }
}

static void come(Run *run, int64_t number, int place) {
    Child *child = &run->child[number];
    const Service *service = &run->network->service[place];
    child->place = (int8_t)place;
    child->number = ++child->visits[place];
    child->stays++;
    child->since = child->received = run->now;
    note(run, JOINED, number, place, child->number, run->now, run->now, 0);
    if (!run->waiting[place] && !run->touched && run->helped[place] < service->places && next_time(run) > run->now) {
        start(run, number);
        return;
    }
    child->status = WAITING;
    run->waiting[place]++;
    if (service->patient) {
        int64_t quantile = draw(run->network->key[number], service->patience_stream, child->number - 1);
        schedule(run, LEAVING, number, run->now + look_up(service->patience, quantile));
    }
    enlist(run, number);
    run->touched |= 1u << place;
}

static void arise(Run *run) {
    const Network *network = run->network;
    int64_t number = run->next_arrival++;
    note(run, AROSE, number, -1, 0, run->now, run->now, network->stream[number]);
    come(run, number, (int)network->to[number]);
}

static void leave(Run *run, int64_t number, int64_t why) {
    int64_t arisen = run->network->time[number];
    note(run, LEFT, number, -1, 0, arisen, arisen, why);
}

static void end_course(Run *run, int64_t number) {
    Child *child = &run->child[number];
    int place = child->place;
    const Service *service = &run->network->service[place];
    run->helped[place]--;
    child->status = NOT_HERE;
    note(run, ENDED, number, place, child->number, child->since, child->received, 0);
    int64_t quantile = draw(run->network->key[number], service->route_stream, child->number - 1), route = 0;
    while (route < service->routes && quantile >= service->limit[route])
        route++;
    if (route == service->routes) {
        leave(run, number, LEFT_DONE);
    } else {
        note(run, HANDED_OVER, number, service->to[route], 0, run->now, run->now, place);
        child->place = (int8_t)service->to[route];
        schedule(run, REACHING, number, run->now + service->delay[route]);
    }
    if (run->waiting[place])
        run->touched |= 1u << place;
}

static void give_up(Run *run, int64_t number, int32_t stays) {
    Child *child = &run->child[number];
    if (child->stays != stays || child->status != WAITING)
        return;
    child->status = NOT_HERE;
    run->waiting[child->place]--;
    note(run, GAVE_UP, number, child->place, child->number, child->since, child->received, 0);
    leave(run, number, LEFT_WITHOUT_HELP);
}

static void simulate(Run *run) {
    const Network *network = run->network;
    for (;;) {
        int64_t arrival = run->next_arrival < network->children ? network->time[run->next_arrival] : network->end + 1;
        if (run->events && before(run->heap[0], (Event){arrival, (uint64_t)ARRIVAL << 56})) {
            Event event = pop(run);
            int64_t number = event.order >> 24 & 0xFFFFFFFF;
            run->now = event.time;
            switch (event.order >> 56) {
            case COURSE: end_course(run, number); break;
            case LEAVING: give_up(run, number, event.order & 0xFFFFFF); break;
            case REACHING: come(run, number, run->child[number].place); break;
            }
        } else if (arrival <= network->end) {
            run->now = arrival;
            arise(run);
        } else {
            return;
        }
        run->processed++;
        if (run->touched)
            serve(run);
    }
}

/* -- around it ------------------------------------------------------------------------------------------------------------ */

static Run begin(const Network *network) {
    Run run = {.network = network, .event_room = 1024, .record_room = (size_t)(network->children + 64) * COLUMNS * 4};
    run.child = must(calloc((size_t)network->children + 1, sizeof(Child)));
    run.heap = must(malloc(run.event_room * sizeof(Event)));
    run.rows = must(malloc(run.record_room * sizeof(int64_t)));
    run.now = network->begin;
    return run;
}

static void finish(Run *run) {
    for (int place = 0; place < SERVICES; place++)
        for (int level = 0; level < LEVELS; level++)
            free(run->list[place][level].entries);
    free(run->child);
    free(run->heap);
    free(run->rows);
}

static int64_t *read_numbers(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        perror(path);
        exit(2);
    }
    size_t size = (size_t)ftell(file);
    rewind(file);
    int64_t *numbers = must(malloc(size + 1));
    if (fread(numbers, 1, size, file) != size) {
        perror(path);
        exit(2);
    }
    fclose(file);
    return numbers;
}

static Network read_network(const int64_t *at) {
    Network network = {.begin = at[0], .end = at[1], .children = at[2], .needs = at[3]};
    at += 4;
    for (int place = 0; place < SERVICES; place++) {
        Service *service = &network.service[place];
        service->places = at[0], service->option = at[1], service->patient = at[2], service->routes = at[3];
        service->length_stream = (uint64_t)at[4], service->patience_stream = (uint64_t)at[5];
        service->route_stream = (uint64_t)at[6];
        at += 7;
        for (int route = 0; route < service->routes; route++, at += 3)
            service->limit[route] = at[0], service->to[route] = at[1], service->delay[route] = at[2];
        service->length = at, service->patience = at + TABLE;
        at += 2 * TABLE;
    }
    network.severity = at, at += network.needs;
    network.key = (const uint64_t *)at, at += network.children;
    network.time = at, at += network.children;
    network.need = at, at += network.children;
    network.to = at, at += network.children;
    network.stream = at;
    return network;
}

static void write_records(const char *path, const Run *run) {
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(run->rows, sizeof(int64_t), run->records, file) != run->records || fclose(file) != 0) {
        perror(path);
        exit(2);
    }
}

int main(int count, char **words) {
    if (count != 4) {
        fputs("six_services INPUT OUTPUT REPEATS\n", stderr);
        return 2;
    }
    int64_t *numbers = read_numbers(words[1]);
    Network network = read_network(numbers);
    for (int repeat = atoi(words[3]); repeat > 0; repeat--) {
        struct timespec from, to;
        clock_gettime(CLOCK_MONOTONIC, &from);
        Run run = begin(&network);
        simulate(&run);
        clock_gettime(CLOCK_MONOTONIC, &to);
        printf("%lld %lld %zu\n", (to.tv_sec - from.tv_sec) * 1000000000LL + to.tv_nsec - from.tv_nsec,
               (long long)run.processed, run.records / COLUMNS);
        if (repeat == 1 && strcmp(words[2], "-") != 0)
            write_records(words[2], &run);
        finish(&run);
    }
    free(numbers);
    return 0;
}
