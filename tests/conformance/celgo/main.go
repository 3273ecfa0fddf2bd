// SPDX-License-Identifier: Apache-2.0

// Celgo answers the line protocol of src/lang/jsonl.h with cel-go: what llmforge is compared with
// by ../cel_differential.py. The first line declares the names that all others may use.
package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"runtime"
	"strconv"
	"sync"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/ext"
)

type tagged struct {
	Type  string `json:"type"`
	Value any    `json:"value"`
}

// A name of the first line: its type and its value as expressions, evaluated without names.
type variable struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Expr string `json:"expr"`
}

type request struct {
	Expr      string     `json:"expr"`
	Variables []variable `json:"variables"`
}

var scalars = map[string]*cel.Type{
	"bool": cel.BoolType, "int": cel.IntType, "uint": cel.UintType, "double": cel.DoubleType,
	"string": cel.StringType, "bytes": cel.BytesType, "null_type": cel.NullType,
	"dyn": cel.DynType, "google.protobuf.Duration": cel.DurationType,
	"google.protobuf.Timestamp": cel.TimestampType, "net.IP": ext.IPType, "net.CIDR": ext.CIDRType,
}

// typeOf reads CEL's notation: "list(int)", "map(string, dyn)", "optional_type(int)".
func typeOf(text string) *cel.Type {
	if scalar, ok := scalars[text]; ok {
		return scalar
	}
	open := 0
	for open < len(text) && text[open] != '(' {
		open++
	}
	if open == len(text) {
		panic("no type: " + text)
	}
	inner, arguments, depth, begin := text[open+1:len(text)-1], []*cel.Type{}, 0, 0
	for i := 0; i <= len(inner); i++ {
		switch {
		case i == len(inner) || (inner[i] == ',' && depth == 0):
			for inner[begin] == ' ' {
				begin++
			}
			arguments = append(arguments, typeOf(inner[begin:i]))
			begin = i + 1
		case inner[i] == '(':
			depth++
		case inner[i] == ')':
			depth--
		}
	}
	switch text[:open] {
	case "list":
		return cel.ListType(arguments[0])
	case "map":
		return cel.MapType(arguments[0], arguments[1])
	case "optional_type":
		return cel.OptionalType(arguments[0])
	}
	panic("no type: " + text)
}

func number(d float64) string {
	switch {
	case math.IsNaN(d):
		return "nan"
	case math.IsInf(d, 1):
		return "inf"
	case math.IsInf(d, -1):
		return "-inf"
	}
	return strconv.FormatFloat(d, 'g', -1, 64)
}

func seconds(d time.Duration) string {
	sign, whole, nanos := "", int64(d/time.Second), int64(d%time.Second)
	if d < 0 {
		sign, whole, nanos = "-", -whole, -nanos
	}
	if nanos == 0 {
		return fmt.Sprintf("%s%ds", sign, whole)
	}
	fraction := fmt.Sprintf("%09d", nanos)
	for fraction[len(fraction)-1] == '0' {
		fraction = fraction[:len(fraction)-1]
	}
	return fmt.Sprintf("%s%d.%ss", sign, whole, fraction)
}

func tag(value ref.Val) tagged {
	switch v := value.(type) {
	case types.Null:
		return tagged{"null", nil}
	case types.Bool:
		return tagged{"bool", bool(v)}
	case types.Int:
		return tagged{"int", strconv.FormatInt(int64(v), 10)}
	case types.Uint:
		return tagged{"uint", strconv.FormatUint(uint64(v), 10)}
	case types.Double:
		return tagged{"double", number(float64(v))}
	case types.String:
		return tagged{"string", string(v)}
	case types.Bytes:
		return tagged{"bytes", hex.EncodeToString([]byte(v))}
	case types.Duration:
		return tagged{"duration", seconds(v.Duration)}
	case types.Timestamp:
		return tagged{"timestamp", v.Time.UTC().Format("2006-01-02T15:04:05.999999999Z")}
	case *types.Optional:
		if !v.HasValue() {
			return tagged{"optional", nil}
		}
		return tagged{"optional", tag(v.GetValue())}
	case traits.Lister:
		out := []tagged{}
		for i := v.Iterator(); i.HasNext() == types.True; {
			out = append(out, tag(i.Next()))
		}
		return tagged{"list", out}
	case traits.Mapper:
		out := [][2]tagged{}
		for i := v.Iterator(); i.HasNext() == types.True; {
			key := i.Next()
			out = append(out, [2]tagged{tag(key), tag(v.Get(key))})
		}
		return tagged{"map", out}
	case ext.IP:
		return tagged{"ip", v.String()}
	case ext.CIDR:
		return tagged{"cidr", v.String()}
	case ref.Type:
		return tagged{"type", v.TypeName()}
	}
	return tagged{"?", fmt.Sprintf("%T", value)}
}

func evaluate(env *cel.Env, names map[string]any, expression string) (out tagged, wrong error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			wrong = fmt.Errorf("panic: %v", panicked)
		}
	}()
	checked, issues := env.Compile(expression)
	if issues.Err() != nil {
		return out, fmt.Errorf("check: %w", issues.Err())
	}
	program, err := env.Program(checked)
	if err != nil {
		return out, fmt.Errorf("program: %w", err)
	}
	value, _, err := program.Eval(names)
	if err != nil {
		return out, err
	}
	return tag(value), nil
}

// environment has the standard library and the extensions that llmforge has, too.
func environment(variables []variable) (*cel.Env, map[string]any) {
	options := []cel.EnvOption{
		cel.OptionalTypes(), cel.CrossTypeNumericComparisons(true), cel.DefaultUTCTimeZone(true),
		cel.EnableIdentifierEscapeSyntax(), cel.EnableErrorOnBadPresenceTest(true),
		ext.Strings(), ext.Lists(), ext.Math(), ext.Encoders(), ext.Bindings(),
		ext.TwoVarComprehensions(), ext.Network(),
	}
	bare, err := cel.NewEnv(options...)
	if err != nil {
		panic(err)
	}
	names := map[string]any{}
	for _, v := range variables {
		options = append(options, cel.Variable(v.Name, typeOf(v.Type)))
		checked, issues := bare.Compile(v.Expr)
		if issues.Err() != nil {
			panic(issues.Err())
		}
		program, err := bare.Program(checked)
		if err != nil {
			panic(err)
		}
		if names[v.Name], _, err = program.Eval(map[string]any{}); err != nil {
			panic(err)
		}
	}
	env, err := cel.NewEnv(options...)
	if err != nil {
		panic(err)
	}
	return env, names
}

func main() {
	input := bufio.NewScanner(os.Stdin)
	input.Buffer(nil, 1<<24)
	var requests []request
	for input.Scan() {
		var each request
		if err := json.Unmarshal(input.Bytes(), &each); err != nil {
			panic(err)
		}
		requests = append(requests, each)
	}
	env, names := environment(requests[0].Variables)
	requests = requests[1:]
	answers := make([][]byte, len(requests))
	next, group := make(chan int, 64), sync.WaitGroup{}
	for range runtime.NumCPU() {
		group.Add(1)
		go func() {
			defer group.Done()
			for i := range next {
				value, err := evaluate(env, names, requests[i].Expr)
				if err != nil {
					answers[i], _ = json.Marshal(map[string]string{"error": err.Error()})
				} else {
					answers[i], _ = json.Marshal(map[string]tagged{"value": value})
				}
			}
		}()
	}
	for i := range requests {
		next <- i
	}
	close(next)
	group.Wait()
	output := bufio.NewWriter(os.Stdout)
	defer output.Flush()
	for _, answer := range answers {
		output.Write(append(answer, '\n'))
	}
}
