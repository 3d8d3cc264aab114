/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/peers/proc_ppp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

#define PROC_PPPOE "/proc/net/pppoe"
#define PROC_PPPOL2TP "/proc/net/pppol2tp"
#define LINE_SIZE 256 /* bytes; of the lines that count none is longer than 100 */
#define TEXT_MAX (64u << 20) /* bytes: 65,000 sessions of L2TP are 20 MB */

void pppoe_list_done(struct pppoe_list *sessions)
{
	free(sessions->list);
	*sessions = (struct pppoe_list){ 0 };
}

void pppol2tp_list_done(struct pppol2tp_list *sessions)
{
	free(sessions->list);
	*sessions = (struct pppol2tp_list){ 0 };
}

static int append_pppoe(struct pppoe_list *sessions, const struct pppoe_session *session)
{
	return array_append(sessions, session);
}

static int append_pppol2tp(struct pppol2tp_list *sessions, const struct pppol2tp_session *session)
{
	return array_append(sessions, session);
}

/* What of the text is still to be read. */
struct rest {
	const char *pos;
	size_t left;
};

/* Copies the next line without its end. Returns whether there was one. A longer line is cut, and a
 * NUL ends it. */
static bool next_line(struct rest *rest, char line[LINE_SIZE])
{
	const char *end;
	size_t len, kept;

	if (rest->left == 0)
		return false;
	end = memchr(rest->pos, '\n', rest->left);
	len = end ? (size_t)(end - rest->pos) : rest->left;
	kept = len < LINE_SIZE ? len : LINE_SIZE - 1;
	memcpy(line, rest->pos, kept);
	line[kept] = '\0';
	len += end != NULL;
	rest->pos += len;
	rest->left -= len;
	return true;
}

/* "00000100 02:00:00:00:00:01     eth0": the id is a __be16 printed as if it were a number of the
 * host (pppoe_seq_show). */
static int parse_pppoe_line(const char *line, struct pppoe_session *ret_session)
{
	unsigned int mac[PROC_PPP_MAC_LEN], id_be;
	struct pppoe_session session = { 0 };
	int end = 0;

	_Static_assert(IF_NAMESIZE == 16, "15 characters are read");
	if (sscanf(line, "%8x %2x:%2x:%2x:%2x:%2x:%2x %15s %n", &id_be, &mac[0], &mac[1], &mac[2],
		   &mac[3], &mac[4], &mac[5], session.device, &end) != 8 ||
	    line[end] != '\0' || id_be > UINT16_MAX)
		return -EBADMSG;
	session.id = ntohs((uint16_t)id_be);
	for (size_t i = 0; i < PROC_PPP_MAC_LEN; i++)
		session.peer[i] = (uint8_t)mac[i];
	*ret_session = session;
	return 0;
}

int proc_ppp_parse_pppoe(const char *text, size_t len, struct pppoe_list *sessions)
{
	struct rest rest = { text, len };
	size_t before = sessions->count;
	char line[LINE_SIZE];
	int r = 0;

	if (!next_line(&rest, line) || strncmp(line, "Id ", 3) != 0)
		return -EBADMSG;
	while (r == 0 && next_line(&rest, line)) {
		struct pppoe_session session;

		r = parse_pppoe_line(line, &session);
		if (r == 0)
			r = append_pppoe(sessions, &session);
	}
	if (r < 0)
		sessions->count = before;
	return r;
}

/* "  SESSION 'sess 1/2' C0000201/1701 0001/0002 -> 0003/0004 1 Y": address and port, then our
 * tunnel and session (pppol2tp_seq_session_show). */
static int parse_session_line(const char *line, struct pppol2tp_session *ret_session)
{
	const char *quote = strrchr(line, '\'');
	struct pppol2tp_session session = { 0 };

	if (!quote || sscanf(quote + 1, " %*x/%*d %8x/%8x ->", &session.tunnel,
			     &session.session) != 2)
		return -EBADMSG;
	*ret_session = session;
	return 0;
}

/* What the lines so far have begun. */
struct pending {
	bool begun;
	struct pppol2tp_session session;
};

/* One line. The one with the link is the last of a session; a session without one, as the one that
 * a daemon holds the tunnel by (number 0), has the link "(null)". */
static int take_pppol2tp(const char *line, struct pending *pending, struct pppol2tp_list *sessions)
{
	static const char session[] = "  SESSION '", interface[] = "   interface ";
	bool begun = pending->begun;

	if (strncmp(line, session, sizeof(session) - 1) == 0) {
		pending->begun = true;
		return parse_session_line(line, &pending->session);
	}
	if (strncmp(line, interface, sizeof(interface) - 1) != 0)
		return 0;
	pending->begun = false;
	if (!begun || sscanf(line + sizeof(interface) - 1, "%15s", pending->session.interface) != 1)
		return -EBADMSG;
	if (strcmp(pending->session.interface, "(null)") == 0)
		return 0;
	return append_pppol2tp(sessions, &pending->session);
}

int proc_ppp_parse_pppol2tp(const char *text, size_t len, struct pppol2tp_list *sessions)
{
	struct rest rest = { text, len };
	size_t before = sessions->count;
	struct pending pending = { 0 };
	char line[LINE_SIZE];
	int r = 0;

	if (!next_line(&rest, line) || strncmp(line, "PPPoL2TP driver info", 20) != 0)
		return -EBADMSG;
	while (r == 0 && next_line(&rest, line))
		r = take_pppol2tp(line, &pending, sessions);
	if (r < 0)
		sessions->count = before;
	return r;
}

/* The whole of a file, owned: to free. Returns its length, or with nothing written -ENOENT (there
 * is none) or -errno. */
static ssize_t read_file(const char *path, char **ret_text)
{
	FILE *file = fopen(path, "re");
	size_t len = 0, capacity = 0, n = 1;
	void *text = NULL;
	int r = 0;

	if (!file)
		return -errno;
	while (r == 0 && n > 0) {
		r = len < TEXT_MAX ? array_reserve(&text, &capacity, len + 4096, 1) : -EFBIG;
		n = r == 0 ? fread((char *)text + len, 1, capacity - len, file) : 0;
		len += n;
	}
	if (r == 0 && ferror(file))
		r = -EIO;
	fclose(file);
	if (r < 0) {
		free(text);
		return r;
	}
	*ret_text = text;
	return (ssize_t)len;
}

int proc_ppp_read_pppoe(struct pppoe_list *ret_sessions)
{
	struct pppoe_list sessions = { 0 };
	char *text = NULL;
	ssize_t len = read_file(PROC_PPPOE, &text);
	int r = text ? proc_ppp_parse_pppoe(text, (size_t)len, &sessions) : (int)len;

	free(text);
	if (r < 0 && r != -ENOENT) {
		pppoe_list_done(&sessions);
		return r;
	}
	*ret_sessions = sessions;
	return 0;
}

int proc_ppp_read_pppol2tp(struct pppol2tp_list *ret_sessions)
{
	struct pppol2tp_list sessions = { 0 };
	char *text = NULL;
	ssize_t len = read_file(PROC_PPPOL2TP, &text);
	int r = text ? proc_ppp_parse_pppol2tp(text, (size_t)len, &sessions) : (int)len;

	free(text);
	if (r < 0 && r != -ENOENT) {
		pppol2tp_list_done(&sessions);
		return r;
	}
	*ret_sessions = sessions;
	return 0;
}
