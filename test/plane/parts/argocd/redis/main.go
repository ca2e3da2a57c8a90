// Command redis is an in-memory Redis for the test plane: miniredis behind a TCP port.
//
//	redis 127.0.0.1:6379
package main

import (
	"log"
	"os"
	"time"

	"github.com/alicebob/miniredis/v2"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: redis HOST:PORT")
	}
	server := miniredis.NewMiniRedis()
	if err := server.StartAddr(os.Args[1]); err != nil {
		log.Fatal(err)
	}
	// miniredis does not let keys expire by itself: its clock is ours to move.
	for range time.Tick(time.Second) {
		server.FastForward(time.Second)
	}
}
