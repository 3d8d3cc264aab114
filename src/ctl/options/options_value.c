/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How commands read what options_parse made for them. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "ctl/options/options.h"

#define SECONDS_MAX 86400

const char *options_value(char *const *argv, const char *name)
{
	const char *value = NULL;
	size_t len = strlen(name);

	for (; *argv && strcmp(*argv, "--") != 0; argv++) {
		if (strncmp(*argv, name, len) != 0)
			continue;
		if (!(*argv)[len])
			value = "";
		else if ((*argv)[len] == '=')
			value = *argv + len + 1;
	}
	return value;
}

char *const *options_words(char *const *argv, size_t *ret_count)
{
	size_t count = 0;

	while (*argv && strcmp(*argv, "--") != 0)
		argv++;
	if (*argv)
		argv++;
	while (argv[count])
		count++;
	if (ret_count)
		*ret_count = count;
	return argv;
}

int options_parse_seconds(const char *text, uint64_t *ret_ns)
{
	const char *point = strchr(text, '.');
	size_t digits = point ? strspn(point + 1, "0123456789") : 0;
	uint64_t ns = 0, unit = NS_PER_SECOND / 10;
	char whole[8];

	if (!point) {
		if (text_parse_duration(text, &ns) < 0)
			return -EINVAL;
	} else {
		size_t len = (size_t)(point - text);

		if (!digits || digits > 9 || point[1 + digits] || len >= sizeof(whole) ||
		    strspn(text, "0123456789") != len)
			return -EINVAL;
		memcpy(whole, text, len);
		whole[len] = '\0';
		if (text_parse_u64(whole, 0, SECONDS_MAX, &ns) < 0)
			return -EINVAL;
		ns *= NS_PER_SECOND;
		for (size_t i = 1; i <= digits; i++, unit /= 10)
			ns += unit * (uint64_t)(point[i] - '0');
	}
	if (ns < NS_PER_MS || ns > SECONDS_MAX * NS_PER_SECOND)
		return -EINVAL;
	*ret_ns = ns;
	return 0;
}
