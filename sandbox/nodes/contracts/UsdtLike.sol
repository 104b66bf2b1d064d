// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// Behaves as Tether's contract on Ethereum does where it matters to a payer: `transfer`, `transferFrom` and
/// `approve` return nothing at all. Anyone may mint, and a sender's transfers can be made to revert: for tests only.
contract UsdtLike {
    mapping(address account => uint256) public balanceOf;
    mapping(address account => bool) public isReverting;
    mapping(address account => mapping(address spender => uint256)) public allowance;
    uint256 public totalSupply;

    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);

    function name() external pure returns (string memory) {
        return "Tether USD";
    }

    function symbol() external pure returns (string memory) {
        return "USDT";
    }

    function decimals() external pure returns (uint256) {
        return 6;
    }

    function mint(address to, uint256 value) external {
        totalSupply += value;
        balanceOf[to] += value;
        emit Transfer(address(0), to, value);
    }

    function setReverting(address account, bool reverting) external {
        isReverting[account] = reverting;
    }

    function transfer(address to, uint256 value) external {
        _move(msg.sender, to, value);
    }

    function transferFrom(address from, address to, uint256 value) external {
        allowance[from][msg.sender] -= value;
        _move(from, to, value);
    }

    function approve(address spender, uint256 value) external {
        // Tether refuses to change one allowance into another, but for one that is nought.
        require(value == 0 || allowance[msg.sender][spender] == 0);
        allowance[msg.sender][spender] = value;
        emit Approval(msg.sender, spender, value);
    }

    function _move(address from, address to, uint256 value) private {
        require(!isReverting[from]);
        balanceOf[from] -= value;
        balanceOf[to] += value;
        emit Transfer(from, to, value);
    }
}
