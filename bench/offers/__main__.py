from bench.offers import main

main()
