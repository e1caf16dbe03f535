// SPDX-License-Identifier: MIT

/// The ends of a doubly linked list. It belongs to the `LinkedElements` that it was filled from.
struct LinkedList {
    /// No place: in front of the first element and behind the last one.
    static var none: Int { -1 }

    fileprivate(set) var first = LinkedList.none
    fileprivate(set) var last = LinkedList.none
    fileprivate(set) var count = 0

    var isEmpty: Bool { count == 0 }
}

/// The elements of linked lists, in one array: putting one in or taking one out moves no other and allocates nothing.
/// An element is known by its place, which stays the same until it is taken out.
struct LinkedElements<Element> {
    private struct Node {
        var element: Element
        var previous: Int
        var next: Int
    }

    private var nodes: [Node] = []
    /// Places whose element was taken out. What it referred to is let go when the place is used again, or when all are
    /// free.
    private var free: [Int] = []

    subscript(place: Int) -> Element {
        _read { yield nodes[place].element }
        _modify { yield &nodes[place].element }
    }

    func next(_ place: Int) -> Int { nodes[place].next }
    func previous(_ place: Int) -> Int { nodes[place].previous }

    /// In front of `successor`; `none`: at the end.
    mutating func insert(_ element: Element, before successor: Int = LinkedList.none, in list: inout LinkedList) -> Int
    {
        let node = Node(element: element, previous: LinkedList.none, next: LinkedList.none)
        let place: Int
        if let used = free.popLast() {
            nodes[used] = node
            place = used
        } else {
            nodes.append(node)
            place = nodes.count - 1
        }
        link(place, before: successor, in: &list)
        return place
    }

    mutating func remove(_ place: Int, from list: inout LinkedList) -> Element {
        unlink(place, from: &list)
        let element = nodes[place].element
        free.append(place)
        if free.count == nodes.count {
            nodes.removeAll(keepingCapacity: true)
            free.removeAll(keepingCapacity: true)
        }
        return element
    }

    mutating func moveToEnd(_ place: Int, of list: inout LinkedList) {
        unlink(place, from: &list)
        link(place, before: LinkedList.none, in: &list)
    }

    private mutating func link(_ place: Int, before successor: Int, in list: inout LinkedList) {
        let predecessor = successor == LinkedList.none ? list.last : nodes[successor].previous
        nodes[place].previous = predecessor
        nodes[place].next = successor
        if predecessor == LinkedList.none { list.first = place } else { nodes[predecessor].next = place }
        if successor == LinkedList.none { list.last = place } else { nodes[successor].previous = place }
        list.count += 1
    }

    private mutating func unlink(_ place: Int, from list: inout LinkedList) {
        let (predecessor, successor) = (nodes[place].previous, nodes[place].next)
        if predecessor == LinkedList.none { list.first = successor } else { nodes[predecessor].next = successor }
        if successor == LinkedList.none { list.last = predecessor } else { nodes[successor].previous = predecessor }
        list.count -= 1
    }
}
