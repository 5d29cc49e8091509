// SPDX-License-Identifier: Apache-2.0

// Runs a Starlark file with starlark-go, for `drdev bench`: starlark [-recursion] FILE.
package main

import (
	"fmt"
	"os"

	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkjson"
)

func main() {
	words := os.Args[1:]
	if len(words) > 0 && words[0] == "-recursion" {
		resolve.AllowRecursion = true
		words = words[1:]
	}
	if len(words) != 1 {
		fmt.Fprintln(os.Stderr, "usage: starlark [-recursion] FILE")
		os.Exit(2)
	}
	starlark.Universe["json"] = starlarkjson.Module
	thread := &starlark.Thread{Print: func(_ *starlark.Thread, text string) { fmt.Println(text) }}
	if _, err := starlark.ExecFile(thread, words[0], nil, nil); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
