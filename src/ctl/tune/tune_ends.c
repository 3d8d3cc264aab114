/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/tune/tune_ends.h"

#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/array.h"
#include "ctl/screen/output.h"

static int check_host(const struct ctl *ctl, const char *host)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;
	int r = getaddrinfo(host, NULL, &hints, &list);

	if (r == 0) {
		freeaddrinfo(list);
		return CTL_OK;
	}
	return output_fail(ctl, CTL_FAILED, "That is said on this host, nothing was sent: see "
			   "\"getent hosts NAME\", or give an address.",
			   "%s: this host finds no address for that name: %s", host,
			   r == EAI_SYSTEM ? strerror(errno) : gai_strerror(r));
}

static int check_interface(const struct ctl *ctl, const char *option, const char *name)
{
	if (!name || if_nametoindex(name))
		return CTL_OK;
	return output_fail(ctl, CTL_NOT_FOUND, "\"ip link\" lists what this host has.",
			   "%s %s: this host has no such interface", option, name);
}

static int check_bind(const struct ctl *ctl, const char *bind_to)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM };
	struct addrinfo *address;
	int fd, r = 0;

	if (!bind_to || getaddrinfo(bind_to, NULL, &hints, &address) != 0)
		return CTL_OK; /* a name: iperf3 tells */
	fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && bind(fd, address->ai_addr, address->ai_addrlen) < 0)
		r = errno;
	if (fd >= 0)
		close(fd);
	freeaddrinfo(address);
	if (r != EADDRNOTAVAIL)
		return CTL_OK;
	return output_fail(ctl, CTL_NOT_FOUND, "\"ip address\" lists what this host has.",
			   "--bind %s: this host has no such address", bind_to);
}

int tune_ends_check(const struct ctl *ctl, const struct tune_options *options)
{
	int code = check_host(ctl, options->host);

	if (code == CTL_OK)
		code = check_interface(ctl, "--via", options->via);
	if (code == CTL_OK)
		code = check_interface(ctl, "--compare", options->compare);
	return code == CTL_OK ? check_bind(ctl, options->bind) : code;
}

const char *tune_ends_hint(const char *why)
{
	static const struct { const char *word, *hint; } rows[] = {
		{ "refused", "That host answers, and nothing listens there. Start it on that host: "
			     "iperf3 -s" },
		{ "timed out", "Nothing came back from there: the host is down, a firewall drops "
			       "the port, or the way that was asked for does not lead there." },
		{ "unreachable", "This host has no way there: \"ip route get ADDRESS\" tells." },
		{ "No route", "Nobody on the way reaches that host: it is down, or a firewall "
			      "rejects the port." },
		{ "busy", "That iperf3 serves somebody else: wait, or start a second one there: "
			  "iperf3 -s -p 5202" },
		{ "not permitted", "This host refuses to send that: its firewall, or an option "
				   "that needs root." },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		if (strstr(why, rows[i].word))
			return rows[i].hint;
	}
	return "iperf3 must run on that host, of a version that knows the same options: iperf3 -s";
}
