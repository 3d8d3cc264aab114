/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "notify/told.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "edge/state_file.h"

#define BYTES_MAX 16384 /* more than all names of alarms take */

void told_load(const struct told *told, struct alarms *ret_alarms)
{
	const char *path = told->path;
	char *text = NULL;
	size_t len = 0;
	int r;

	*ret_alarms = (struct alarms){ .count = 0 };
	if (!path)
		return;
	r = state_file_read(path, BYTES_MAX, &text, &len);
	if (r == 0)
		r = alarms_parse(text, len, ret_alarms);
	free(text);
	if (r == -EBADMSG || r == -EFBIG)
		state_file_give_up(path, "damaged", "what people were told of is not known");
	else if (r < 0 && r != -ENOENT)
		log_error(r, "%s: cannot be read, so what people were told of is not known", path);
}

void told_save(struct told *told, const struct alarms *alarms)
{
	char *text;
	int r;

	if (!told->path)
		return;
	text = alarms_format(alarms);
	r = text ? state_file_write(told->path, text, strlen(text)) : -ENOMEM;
	free(text);
	if (r < 0 && r != told->error)
		log_error(r, "%s: cannot be written: after a restart people are told again, or not "
			     "of an end", told->path);
	told->error = r;
}
