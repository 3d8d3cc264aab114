/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/mode.h"

#include <jansson.h>

#include "ctl/client.h"
#include "ctl/field.h"

bool mode_is_audit(const struct ctl *ctl)
{
	struct client_error error = { 0 };
	json_t *reply;
	bool audit;
	int r;

	r = client_try(ctl, "GetStatus", NULL, &reply, &error);
	client_error_done(&error);
	if (r < 0)
		return false;
	audit = field_is(reply, "mode", "audit");
	json_decref(reply);
	return audit;
}
