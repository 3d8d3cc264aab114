/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "exporter/server.h"

#include <errno.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/exposition.h"
#include "base/log.h"
#include "exporter/answer.h"
#include "proto/metrics.h"

#define COMPLAINT_NS (60 * NS_PER_SECOND)
#define TEXT_TYPE "text/plain; charset=utf-8"
#define PAGE_TYPE "text/html; charset=utf-8"

struct server {
	struct server_config config;
	struct MHD_Daemon *http;
	struct log_ratelimit complaints;
	struct MHD_Response *fresh; /* the metrics as they were told last, or NULL */
	uint64_t fresh_ns;          /* CLOCK_BOOTTIME */
};

static void put_header(struct MHD_Response *response, const char *name, const char *value)
{
	(void)MHD_add_response_header(response, name, value); /* fails for lack of memory alone */
}

/* Takes text, which may be NULL. Returns owned, or NULL (out of memory). */
static struct MHD_Response *new_response(char *text, enum MHD_ResponseMemoryMode mode,
					 const char *type)
{
	struct MHD_Response *response;

	if (!text)
		return NULL;
	response = MHD_create_response_from_buffer(strlen(text), text, mode);
	if (!response) {
		if (mode == MHD_RESPMEM_MUST_FREE)
			free(text);
		return NULL;
	}
	put_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	put_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	put_header(response, "X-Content-Type-Options", "nosniff");
	return response;
}

static struct MHD_Response *constant_response(const char *text, const char *type)
{
	/* Persistent: it is neither changed nor freed. */
	return new_response((char *)(uintptr_t)text, MHD_RESPMEM_PERSISTENT, type);
}

/* Several who ask at once, and who asks too often, cost mssclampd one answer. */
static struct MHD_Response *metrics_response(struct server *server)
{
	uint64_t now_ns = clock_boottime_ns();
	char *text;

	if (server->fresh && now_ns - server->fresh_ns < SERVER_FRESH_NS)
		return server->fresh;
	if (server->fresh)
		MHD_destroy_response(server->fresh);
	text = server->config.ask(server->config.userdata);
	server->fresh = text ? new_response(text, MHD_RESPMEM_MUST_FREE, EXPOSITION_CONTENT_TYPE) :
			       constant_response(METRICS_DOWN_TEXT, EXPOSITION_CONTENT_TYPE);
	server->fresh_ns = clock_boottime_ns();
	return server->fresh;
}

static bool has_body(struct MHD_Connection *connection)
{
	const char *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
							 MHD_HTTP_HEADER_CONTENT_LENGTH);

	return (length && strcmp(length, "0") != 0) ||
	       MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
					   MHD_HTTP_HEADER_TRANSFER_ENCODING);
}

static enum MHD_Result answer(struct server *server, struct MHD_Connection *connection,
			      enum answer choice)
{
	struct MHD_Response *response;
	enum MHD_Result result;

	if (choice == ANSWER_METRICS) {
		response = metrics_response(server);
		return response ? MHD_queue_response(connection, MHD_HTTP_OK, response) : MHD_NO;
	}
	response = constant_response(answer_text(choice),
				     choice == ANSWER_PAGE ? PAGE_TYPE : TEXT_TYPE);
	if (!response)
		return MHD_NO;
	if (choice == ANSWER_BAD_METHOD)
		put_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	if (choice == ANSWER_BAD_METHOD || choice == ANSWER_NO_BODY)
		put_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
	result = MHD_queue_response(connection, answer_status(choice), response);
	MHD_destroy_response(response);
	return result;
}

/* Called once the head of a request is there, and again behind its body: there is none. */
static enum MHD_Result on_request(void *userdata, struct MHD_Connection *connection,
				  const char *path, const char *method, const char *version,
				  const char *upload, size_t *upload_len, void **memory)
{
	static int seen;

	(void)version;
	(void)upload;
	if (*upload_len > 0) {
		*upload_len = 0;
		return MHD_NO;
	}
	if (!*memory && !has_body(connection)) {
		*memory = &seen; /* the answer comes with the next call, as the library wants it */
		return MHD_YES;
	}
	return answer(userdata, connection, answer_choose(method, path, has_body(connection)));
}

static void on_log(void *userdata, const char *format, va_list arguments)
	__attribute__((format(printf, 2, 0)));

static void on_log(void *userdata, const char *format, va_list arguments)
{
	struct server *server = userdata;
	uint64_t suppressed;
	char text[256], before[LOG_BEFORE_MAX];

	vsnprintf(text, sizeof(text), format, arguments);
	text[strcspn(text, "\n")] = 0;
	if (log_may_speak(&server->complaints, clock_boottime_ns(), COMPLAINT_NS, &suppressed))
		log_debug("%s%s", text, log_before(suppressed, before));
}

int server_open(const struct server_config *config, struct server **ret_server)
{
	struct server *server = calloc(1, sizeof(*server));
	const struct MHD_OptionItem listener[] = {
		{ config->listen_fd < 0 ? MHD_OPTION_END : MHD_OPTION_LISTEN_SOCKET,
		  config->listen_fd, NULL },
		{ MHD_OPTION_END, 0, NULL },
	};
	unsigned int flags = MHD_USE_EPOLL | MHD_USE_ERROR_LOG;

	if (!server)
		return -ENOMEM;
	server->config = *config;
	if (config->listen_fd < 0)
		flags |= MHD_USE_NO_LISTEN_SOCKET;
	server->http = MHD_start_daemon(
		flags, 0, NULL, NULL, on_request, server,
		MHD_OPTION_EXTERNAL_LOGGER, on_log, server, MHD_OPTION_ARRAY, listener,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned int)SERVER_CLIENTS_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)SERVER_SECONDS_MAX,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)SERVER_REQUEST_MAX, MHD_OPTION_END);
	if (!server->http) {
		free(server);
		return -EIO;
	}
	*ret_server = server;
	return 0;
}

void server_close(struct server *server)
{
	if (!server)
		return;
	MHD_stop_daemon(server->http);
	if (server->fresh)
		MHD_destroy_response(server->fresh);
	free(server);
}

int server_add(struct server *server, int fd, const struct sockaddr *address, socklen_t len)
{
	return MHD_add_connection(server->http, fd, address, len) == MHD_YES ? 0 : -errno;
}

int server_run(struct server *server, int timeout_ms)
{
	return MHD_run_wait(server->http, timeout_ms) == MHD_YES ? 0 : -EIO;
}
