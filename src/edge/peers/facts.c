/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/peers/facts.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "proto/varlink.h"

#define RECEIVE_BYTES 65536
#define RECEIVES_A_TURN 64 /* then the loop gets a turn; the socket stays readable */
#define MALFORMED_NS (3600 * NS_PER_SECOND)

_Static_assert(RECORD_WHY_MAX <= VARLINK_WHY_MAX, "one room for both reasons");

struct facts_reader {
	char *socket;
	struct facts_starter starter;
	int fd;              /* -1 without */
	uint64_t retry_ns, pause_ns; /* the next try, and behind that the one after it */
	bool as_child;       /* the last try was one */
	bool lost;           /* the absence was said, and nothing has come since */
	bool known;          /* it has answered at least once */
	bool asked;
	bool waiting;        /* for the answer to a question */
	uint64_t changed_ns; /* CLOCK_BOOTTIME when the question became another one */
	uint64_t heard_ns;   /* CLOCK_BOOTTIME of the last question or of what came after it */
	struct facts_question question;
	struct varlink_input input;
	struct facts facts;
	uint64_t malformed_total;
	struct log_ratelimit malformed;
};

struct facts_reader *facts_new(const char *socket, const struct facts_starter *starter)
{
	struct facts_reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return NULL;
	reader->fd = -1;
	reader->pause_ns = FACTS_RETRY_NS;
	if (starter)
		reader->starter = *starter;
	varlink_input_init(&reader->input, FACTS_MESSAGE_MAX);
	reader->socket = strdup(socket);
	if (!reader->socket) {
		free(reader);
		return NULL;
	}
	return reader;
}

static void disconnect(struct facts_reader *reader)
{
	fd_close(&reader->fd);
	varlink_input_done(&reader->input);
}

void facts_free(struct facts_reader *reader)
{
	if (!reader)
		return;
	disconnect(reader);
	record_done(&facts_question_shape, &reader->question);
	record_done(&facts_shape, &reader->facts);
	free(reader->socket);
	free(reader);
}

/* Returns 0 or -errno. */
static int connect_socket(struct facts_reader *reader)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, r = 0;

	if (strlen(reader->socket) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, reader->socket);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		r = -errno;
	if (r < 0)
		close(fd);
	else
		reader->fd = fd;
	return r;
}

/* A question is small and the socket empty: what does not fit at once never will. */
static int send_question(struct facts_reader *reader)
{
	json_t *message = record_format(&facts_question_shape, &reader->question);
	const int room = (int)FACTS_QUESTION_MAX;
	struct varlink_output output = { 0 };
	int r = message ? varlink_output_add(&output, message) : -ENOMEM;
	ssize_t n;

	json_decref(message);
	if (r == 0) {
		(void)setsockopt(reader->fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
		n = send(reader->fd, output.data, output.len, MSG_DONTWAIT | MSG_NOSIGNAL);
		r = n < 0 ? -errno : (size_t)n < output.len ? -EMSGSIZE : 0;
	}
	varlink_output_done(&output);
	reader->waiting = true;
	reader->heard_ns = clock_boottime_ns();
	return r;
}

static void say_lost(struct facts_reader *reader, int r)
{
	if (!reader->lost)
		log_print(r == -ETIMEDOUT ? LOG_WARNING : LOG_NOTICE,
			  "mssclamp-facts %s%s: %s; OpenVPN's clients, WireGuard in user space and "
			  "names %s until it answers",
			  reader->as_child ? "as our child" : "at ",
			  reader->as_child ? "" : reader->socket,
			  r == -ETIMEDOUT ? "gives no answer" :
			  r == -ETIME	  ? "cannot be started in time" : strerror(-r),
			  reader->known ? "stay as they were" : "are unknown");
	reader->lost = true;
}

static void note_answer(struct facts_reader *reader)
{
	if (reader->lost)
		log_notice("mssclamp-facts: answers");
	reader->lost = reader->waiting = false;
	reader->known = true;
}

/* Where it takes long to learn that it cannot be started, that is tried ever less often. */
static void set_retry(struct facts_reader *reader, uint64_t now_ns, int r)
{
	if (r != -ETIME)
		reader->pause_ns = FACTS_RETRY_NS;
	else if (reader->pause_ns < FACTS_RETRY_MAX_NS)
		reader->pause_ns *= 2;
	reader->retry_ns = now_ns + reader->pause_ns;
}

bool facts_connect(struct facts_reader *reader, uint64_t now_ns)
{
	int r;

	if (reader->fd >= 0 || now_ns < reader->retry_ns)
		return false;
	r = connect_socket(reader);
	reader->as_child = (r == -ENOENT || r == -ECONNREFUSED) && reader->starter.start;
	if (reader->as_child)
		r = reader->starter.start(reader->starter.userdata, &reader->fd);
	set_retry(reader, now_ns, r);
	if (r == 0 && reader->asked)
		r = send_question(reader);
	if (r < 0) {
		disconnect(reader);
		say_lost(reader, r);
		return false;
	}
	return true;
}

uint64_t facts_due(const struct facts_reader *reader)
{
	if (reader->fd < 0)
		return reader->retry_ns;
	if (!reader->asked)
		return UINT64_MAX;
	return reader->heard_ns + (reader->waiting ? FACTS_PATIENCE_NS : FACTS_SILENT_NS);
}

int facts_check(struct facts_reader *reader, uint64_t now_ns)
{
	int r;

	if (reader->fd < 0 || now_ns < facts_due(reader))
		return 0;
	r = reader->waiting ? -ETIMEDOUT : send_question(reader);
	if (r == 0)
		return 0;
	disconnect(reader);
	say_lost(reader, r);
	return -EPIPE;
}

bool facts_is_waiting(const struct facts_reader *reader)
{
	return reader->fd >= 0 && reader->waiting;
}

bool facts_is_looking(const struct facts_reader *reader, uint64_t now_ns)
{
	const uint64_t age_ns = now_ns - reader->changed_ns;

	if (reader->lost)
		return false;
	return age_ns < (reader->waiting ? FACTS_LOOK_NS : FACTS_SETTLE_NS);
}

const char *facts_absence(const struct facts_reader *reader)
{
	if (!reader->lost)
		return NULL;
	if (reader->known)
		return "mssclamp-facts does not answer: OpenVPN and user-space WireGuard stay as "
		       "they were, new ones have the MTU of their interface alone";
	return "mssclamp-facts does not answer: OpenVPN and user-space WireGuard have the MTU of "
	       "their interface alone";
}

int facts_fd(const struct facts_reader *reader)
{
	return reader->fd;
}

static int add_link(struct facts_question *question, const struct link *link)
{
	int r = 0;

	if (link_is_kind(link, "tun")) {
		r = record_append_text(&question->tun, link->name);
		return r < 0 ? r : record_append_text(&question->wireguard, link->name);
	}
	if (link_is_kind(link, "ovpn") || link_is_kind(link, "ovpn-dco"))
		return record_append_text(&question->dco, link->name);
	if (link_is_kind(link, "ppp"))
		return record_append_text(&question->ppp, link->name);
	return 0;
}

static int add_file(struct facts_question *question, const char *file)
{
	for (size_t i = 0; i < question->status_files.count; i++) {
		if (strcmp(question->status_files.list[i], file) == 0)
			return 0;
	}
	return record_append_text(&question->status_files, file);
}

int facts_ask(struct facts_reader *reader, const struct link *links, size_t count,
	      const struct facts_source *sources, size_t source_count)
{
	struct facts_question question = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++)
		r = add_link(&question, &links[i]);
	for (size_t i = 0; r == 0 && i < source_count; i++) {
		if (sources[i].status_file && facts_is_path(sources[i].status_file))
			r = add_file(&question, sources[i].status_file);
	}
	if (r < 0 || (reader->asked && record_equal(&facts_question_shape, &question,
						    &reader->question, true))) {
		record_done(&facts_question_shape, &question);
		return r;
	}
	record_done(&facts_question_shape, &reader->question);
	reader->question = question;
	reader->asked = true;
	reader->changed_ns = clock_boottime_ns();
	/* What fails here shows at the next receive too. */
	if (reader->fd >= 0 && send_question(reader) < 0)
		shutdown(reader->fd, SHUT_RDWR);
	return 0;
}

static int compare_ifnames(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

_Static_assert(offsetof(struct facts_tunnel, ifname) == 0 &&
	       offsetof(struct facts_wireguard, ifname) == 0 &&
	       offsetof(struct facts_ppp, ifname) == 0, "compared as what they begin with");

#define SORT(list_of) \
	do { \
		if ((list_of).count > 1) \
			qsort((list_of).list, (list_of).count, sizeof((list_of).list[0]), \
			      compare_ifnames); \
	} while (0)

int facts_parse(const json_t *message, struct facts *ret_facts, char *ret_why)
{
	int r = record_parse(&facts_shape, message, ret_facts, ret_why);

	if (r < 0)
		return r;
	SORT(ret_facts->tunnels);
	SORT(ret_facts->wireguard);
	SORT(ret_facts->ppp);
	return r;
}

static void count_malformed(struct facts_reader *reader, const char *why)
{
	uint64_t suppressed;

	reader->waiting = false;
	reader->malformed_total++;
	if (log_may_speak(&reader->malformed, clock_boottime_ns(), MALFORMED_NS, &suppressed))
		log_warning("mssclamp-facts: a message is not what it should be (%s) and is "
			    "dropped; what was known stays",
			    why);
}

/* Returns 1 where facts came, 0, -EMSGSIZE or -ENOMEM. */
static int take_messages(struct facts_reader *reader)
{
	char why[VARLINK_WHY_MAX];
	struct facts facts;
	json_t *message;
	int r, changed = 0;

	while ((r = varlink_input_next(&reader->input, &message, why)) != 0) {
		if (r == 1) {
			r = facts_parse(message, &facts, why);
			json_decref(message);
		}
		if (r == -EBADMSG) {
			count_malformed(reader, why);
			continue;
		}
		if (r < 0)
			return r;
		note_answer(reader);
		if (record_equal(&facts_shape, &facts, &reader->facts, true)) {
			record_done(&facts_shape, &facts);
			continue;
		}
		record_done(&facts_shape, &reader->facts);
		reader->facts = facts;
		changed = 1;
	}
	return changed;
}

/* Returns 1 where facts came, 0, -EAGAIN for nothing more, or another -errno. */
static int receive(struct facts_reader *reader)
{
	char bytes[RECEIVE_BYTES];
	ssize_t n = recv(reader->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	int r;

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	if (n == 0)
		return -EPIPE;
	reader->heard_ns = clock_boottime_ns();
	r = varlink_input_add(&reader->input, bytes, (size_t)n);
	return r < 0 ? r : take_messages(reader);
}

int facts_read(struct facts_reader *reader)
{
	int r = 0, changed = 0;

	if (reader->fd < 0)
		return -EPIPE;
	for (int i = 0; r >= 0 && i < RECEIVES_A_TURN; i++) {
		r = receive(reader);
		changed |= r == 1;
	}
	if (r >= 0 || r == -EAGAIN)
		return changed;
	if (r == -EMSGSIZE)
		count_malformed(reader, "too long");
	disconnect(reader);
	say_lost(reader, r == -EPIPE ? -ECONNRESET : r);
	return -EPIPE;
}

const struct facts *facts_current(const struct facts_reader *reader)
{
	return &reader->facts;
}

uint64_t facts_malformed_total(const struct facts_reader *reader)
{
	return reader->malformed_total;
}
