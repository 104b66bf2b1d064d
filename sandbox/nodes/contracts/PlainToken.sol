// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// OpenZeppelin's ERC-20 as it is. Anyone may mint, and a sender's transfers can be made to revert: for tests only.
contract PlainToken is ERC20 {
    mapping(address account => bool) public isReverting;

    error Reverting(address account);

    // Its code is put at a contract's address without being constructed: both texts read empty there.
    constructor() ERC20("", "") {}

    function mint(address to, uint256 value) external {
        _mint(to, value);
    }

    function setReverting(address account, bool reverting) external {
        isReverting[account] = reverting;
    }

    function _update(address from, address to, uint256 value) internal override {
        if (isReverting[from]) revert Reverting(from);
        super._update(from, to, value);
    }
}
