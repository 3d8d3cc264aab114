/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/remedy.h"

#include <errno.h>
#include <stddef.h>

const char *remedy_of(int error)
{
	switch (-error) {
	case ENOMEM:
		return "this host, or the unit by MemoryMax=, has too little memory left";
	case EMFILE:
		return "raise LimitNOFILE= of the unit, by hand \"ulimit -n\", and start it again";
	case ENFILE:
		return "all of this host has too many: raise the sysctl fs.file-max";
	default:
		return NULL;
	}
}
